"""Files that a person sends: read whole, and no more of them than the API takes."""

from dataclasses import dataclass

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from mtd.domain.errors import InvalidRequest

LARGEST_BYTES = 4 * 1024 * 1024
"""Of all files of a form together: a Lambda takes 6 MB, and base64 adds a third."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file; `name` is what the browser calls it, without folders."""

    name: str
    content: bytes


def refuse_large(request: Request) -> None:
    """Before anything is read. Raises InvalidRequest for a form that is too large, or does not say how large it is."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LARGEST_BYTES:
        raise InvalidRequest(f"all files together may have {LARGEST_BYTES} bytes", code="files_too_large")


async def read_form(request: Request, *, files: int, fields: int) -> FormData:
    """A form with at most so many files and fields. Raises InvalidRequest for one that cannot be read.

    All of it stays in memory: on AWS the container has no file system to write to.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.form(max_files=0, max_fields=fields)
    try:
        return await _InMemory(request.headers, request.stream(), max_files=files, max_fields=fields).parse()
    except (MultiPartException, KeyError) as error:
        raise InvalidRequest(f"that is no form with files: {error}", code="upload_malformed") from None


class _InMemory(MultiPartParser):
    spool_max_size = LARGEST_BYTES + 1


async def uploads(form: FormData) -> tuple[Upload, ...]:
    """The form's files; a field in which none was chosen has none."""
    found = [value for _, value in form.multi_items() if isinstance(value, UploadFile) and value.filename]
    return tuple([Upload(name=_plain(file.filename or ""), content=await file.read()) for file in found])


def _plain(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2][:200]
