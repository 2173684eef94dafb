"""Rejected files that name a person."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from mtd.domain.errors import InvalidRequest, NotFound
from mtd.usecases.records import erase_rejected as module
from mtd.usecases.records.erase_rejected import KeptFile, RejectedErasure, erase_rejected

RUT, MAIL = "7654321-6", "ana@example.cl"


@dataclass
class FakeRejections:
    files: list[KeptFile]
    erasures: list[RejectedErasure] = field(default_factory=list)
    listed: list[tuple[str, str]] = field(default_factory=list)

    def rejected_after(self, after: int, limit: int) -> list[KeptFile]:
        return [file for file in self.files if file.rejection_id > after][:limit]

    def erase_rejected(self, erasure: RejectedErasure) -> None:
        self.erasures.append(erasure)
        self.listed += erasure.gone

    def gone(self) -> list[tuple[str, str]]:
        return list(self.listed)

    def deleted(self, gone: Any) -> None:
        self.listed = [each for each in self.listed if each not in gone]


@dataclass
class FakeBucket:
    content: dict[str, bytes]

    def get(self, bucket: str, key: str, version: str | None = None) -> bytes:
        assert (bucket, version) == ("inbox", None)
        if key not in self.content:
            raise NotFound(key)
        return self.content[key]

    def put(self, bucket: str, key: str, content: bytes, content_type: str) -> None:
        raise AssertionError((bucket, key, content, content_type))

    def copy(self, bucket: str, key: str, new_key: str, version: str | None = None) -> None:
        raise AssertionError((bucket, key, new_key, version))

    def delete(self, bucket: str, key: str) -> None:
        assert bucket == "inbox"
        self.content.pop(key, None)


def world(*contents: bytes, overwritten: bool = False) -> tuple[FakeRejections, FakeBucket]:
    files: list[KeptFile] = []
    objects: dict[str, bytes] = {}
    for number, content in enumerate(contents, 1):
        key = f"orders/{number}.xml"
        objects |= {key: content, f"rejected/{key}": content, f"rejected/{key}.reason.json": b"{}"}
        files.append(
            KeptFile(
                rejection_id=number,
                source=f"s3://inbox/{key}",
                kept_at=f"s3://inbox/rejected/{key}",
                reason=f"the buyer 7.654.321-6 of {number} is wrong",
                overwritten=overwritten,
            )
        )
    return FakeRejections(files), FakeBucket(objects)


@pytest.mark.parametrize(
    ("whom", "content"),
    [
        (RUT, b"<ID>7654321-6</ID>"),
        ("7.654.321-6", b"<ID>7654321-6</ID>"),
        (RUT, b"<ID>76543216</ID>"),
        (RUT, "<ID>7.654.321-6</ID>".encode("utf-16")),
        (MAIL, b"<Mail>ANA@example.cl</Mail>"),
        (MAIL, b"<broken Mail=ana@example.cl"),
    ],
)
def test_both_copies_of_a_file_that_names_the_person_go(whom: str, content: bytes) -> None:
    store, objects = world(content, b"<ID>12345678-5</ID>")

    told = erase_rejected(whom, "me", "request 7", 0, store, objects)

    assert told == {"files": 1, "objects": 3, "next": None}
    assert sorted(objects.content) == ["orders/2.xml", "rejected/orders/2.xml", "rejected/orders/2.xml.reason.json"]
    assert store.listed == []


@pytest.mark.parametrize("content", [b"<Gtin>9176543216</Gtin>", b"<M>mariana@example.cl</M>", b"<ID>17654321-6</ID>"])
def test_a_longer_number_or_address_is_somebody_elses(content: bytes) -> None:
    store, objects = world(content)
    for whom in (RUT, MAIL):
        assert erase_rejected(whom, "me", "why", 0, store, objects)["files"] == 0
    assert store.erasures == []
    assert len(objects.content) == 3


def test_the_rows_reason_no_longer_names_the_person() -> None:
    store, objects = world(b"7654321-6")
    erase_rejected(RUT, "me", "why", 0, store, objects)
    assert store.erasures[0].reasons == {1: "the buyer erased of 1 is wrong"}


def test_the_file_of_an_order_that_has_come_under_the_same_key_stays() -> None:
    store, objects = world(b"7654321-6", overwritten=True)
    assert erase_rejected(RUT, "me", "why", 0, store, objects)["objects"] == 2
    assert list(objects.content) == ["orders/1.xml"]


def test_a_preview_erases_nothing() -> None:
    store, objects = world(b"7654321-6")
    assert erase_rejected(RUT, "me", "why", 0, store, objects, preview=True) == {"files": 1, "objects": 0, "next": None}
    assert len(objects.content) == 3


def test_files_are_looked_through_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILES_AT_ONCE", 2)
    store, objects = world(*[b"7654321-6"] * 5)
    del objects.content["rejected/orders/2.xml"]  # has expired
    found, after = [], 0
    while after is not None:
        page = erase_rejected(RUT, "me", "why", after, store, objects)
        found.append(page["files"])
        after = page["next"]
    assert found == [1, 2, 1]


@pytest.mark.parametrize("whom", ["Ana", "7654321", "66666666-6"])
def test_whom_must_be_one_person(whom: str) -> None:
    store, objects = world(b"Ana 66666666-6 7654321")
    with pytest.raises(InvalidRequest):
        erase_rejected(whom, "me", "why", 0, store, objects)
