"""The files that the browser loads: named after their content, so that it keeps them; compressed once."""

import gzip
import hashlib
import json
import mimetypes
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_COMPRESSIBLE = ("text/", "application/javascript", "image/svg")
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file in memory; `packed` is its gzip where that is smaller."""

    body: bytes
    packed: bytes | None
    kind: str
    etag: str


class Assets:
    """Our own static files and the built libraries, under one version that changes with any of them."""

    def __init__(self, built: Path) -> None:
        own = [item for item in files("portal.static").iterdir() if not item.name.startswith("_")]
        content = {item.name: item.read_bytes() for item in own if item.is_file()}
        content |= {item.name: item.read_bytes() for item in sorted(built.iterdir()) if item.is_file()}
        self._files = {name: _asset(name, body) for name, body in sorted(content.items())}
        names = json.dumps({name: asset.etag for name, asset in self._files.items()})
        self.version = hashlib.sha256(names.encode()).hexdigest()[:12]

    def url(self, name: str) -> str:
        """Raises KeyError for a file that there is not: a template's mistake."""
        self._files[name]
        return f"/assets/{self.version}/{name}"

    def serve(self, request: Request) -> Response:
        """Any version is answered with the file as it is now, but only this version is kept for ever."""
        asset = self._files.get(request.path_params["name"])
        if asset is None:
            return Response(status_code=404)
        headers = dict(_HEADERS) if request.path_params["version"] == self.version else {"Cache-Control": "no-cache"}
        headers["ETag"] = asset.etag
        if asset.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.packed, media_type=asset.kind, headers=headers)
        return Response(asset.body, media_type=asset.kind, headers=headers)


def _asset(name: str, body: bytes) -> Asset:
    kind = "font/woff2" if name.endswith(".woff2") else mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = gzip.compress(body, 9, mtime=0) if kind.startswith(_COMPRESSIBLE) else None
    return Asset(
        body=body,
        packed=packed if packed is not None and len(packed) < len(body) else None,
        kind=kind,
        etag=f'"{hashlib.sha256(body).hexdigest()[:16]}"',
    )
