"""Files of dossiers over HTTP: what they are is what they hold, who may have them, and that they never run."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest

from intake import desks
from intake.desks import OTHER, SCHOOL, desk, transfer
from kernel import blobs

PDF, PNG, JPEG, DOCX = (
    b"%PDF-1.7\n%%EOF",
    b"\x89PNG\r\n\x1a\n" + bytes(20),
    b"\xff\xd8\xff\xe0" + bytes(20),
    b"PK\x03\x04" + bytes(20),
)


async def send(asker, content: bytes, name: str = "don.pdf", kind: str = "application/pdf"):
    return await asker.client.post("/attachments", files={"file": (name, content, kind)}, headers=asker.said)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "application/pdf"),
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ],
)
async def test_a_file_is_what_it_holds_whatever_it_is_called(intake, content, kind):
    answer = await send(intake, content, "virus.exe", "text/html")
    told = answer.json()
    assert (answer.status_code, told["media_type"], told["size"]) == (201, kind, len(content))
    assert told["digest"] == hashlib.sha256(content).hexdigest()
    got = await desk(intake).get(f"/attachments/{told['digest']}")
    assert got.content == content
    assert got.headers["content-type"] == kind
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers.get_list("content-security-policy")


@pytest.mark.parametrize("content", [b"", b"<html><script>", b"MZ\x90", b"#!/bin/sh", b" %PDF-1.7", b"GIF89a", b"%PD"])
async def test_other_files_are_not_taken_and_leave_nothing(intake, content):
    before = stored(intake)
    answer = await send(intake.with_(accept_language="en"), content)
    assert (answer.status_code, answer.json()["detail"]) == (415, "Only PDF, PNG, JPEG or DOCX files are taken.")
    assert stored(intake) == before


def stored(intake) -> set[str]:
    folder = intake.service.settings.blobs
    return {str(each) for each in folder.rglob("*")} if folder.exists() else set()


@pytest.mark.parametrize("where", [0, 30, 70_000])
async def test_a_file_that_the_disk_damaged_is_not_given_out_and_says_what_to_do(intake, where):
    told = (await send(intake, PDF + bytes(80_000))).json()
    path = blobs.path(intake.service.settings.blobs, told["digest"])
    lies = bytearray(path.read_bytes())
    lies[where] ^= 1
    path.write_bytes(lies)
    got = await desk(intake).get(f"/attachments/{told['digest']}")
    assert (got.status_code, got.json()["code"]) == (410, "file_damaged") and "bản sao lưu" in got.json()["instead"]
    await send(intake, PDF + bytes(80_000))
    assert (await desk(intake).get(f"/attachments/{told['digest']}")).is_success, "sent again, it is whole again"


async def test_a_file_that_is_too_large_is_not_taken_and_leaves_nothing(intake):
    before, most = stored(intake), intake.service.settings.max_attachment
    for size, status in ((most, 201), (most + 1, 413), (most + intake.service.settings.max_body, 413)):
        assert (await send(intake, PDF + bytes(size - len(PDF)))).status_code == status
    assert len(stored(intake) - before) <= 2, "the one that was taken, and its folder"


async def test_a_body_in_pieces_of_which_nobody_said_how_long_it_is_has_an_end(intake):
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7'
        while sent < 1 << 30:
            sent += 1 << 20
            yield bytes(1 << 20)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await intake.client.post("/attachments", content=pieces(), headers=headers)
    assert answer.status_code == 413
    assert sent < 10 * intake.service.settings.max_attachment


async def test_the_same_file_sent_at_once_by_many_is_kept_once(intake):
    content = PDF + b"twenty at once"
    told = await asyncio.gather(*(send(intake, content) for _ in range(20)))
    assert {each.status_code for each in told} == {201}
    assert len({each.json()["digest"] for each in told}) == 1
    assert sum(hashlib.sha256(content).hexdigest() in each for each in stored(intake)) == 1


async def test_files_are_for_officers(intake):
    digest = (await send(intake, PDF)).json()["digest"]
    assert (await intake.get(f"/attachments/{digest}")).status_code == 401
    assert (await intake.by("leadership").get(f"/attachments/{digest}")).status_code == 403
    assert (await intake.by("auditor").get(f"/attachments/{digest}")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "%2fetc%2fpasswd",
        "....//etc/passwd",
        "a" * 63,
        "a" * 64,
        "A" * 64,
        "a" * 65,
        "g" * 64,
        "../" * 21 + "x",
        "%ff" * 64,
        "." * 64,
    ],
)
async def test_a_path_is_not_a_digest(intake, path):
    assert (await desk(intake).get(f"/attachments/{path}")).status_code == 404


async def named(intake, where: str, document: dict[str, object]):
    """A dossier names a file: where it is handed in, where something is supplied, or as a result."""
    if where == "handed in":
        return await intake.post("/applications", **transfer(documents=[document]))
    if where == "supplied":
        id = (await desks.supplement_asked(intake))["id"]
        return await desk(intake).post(f"/applications/{id}/supply", documents=[document])
    id = (await desks.in_process(intake))["id"]
    return await desks.expert(intake).post(f"/applications/{id}/resolve", outcome="granted", results=[document])


@pytest.mark.parametrize("where", ["handed in", "supplied", "resolved"])
async def test_a_dossier_names_only_files_that_were_sent(intake, where):
    blob = (await send(intake, PDF + where.encode())).json()
    for wrong in (
        {"digest": hashlib.sha256(where[::-1].encode()).hexdigest()},
        {"size": blob["size"] + 1},
        {"media_type": "image/png"},
    ):
        answer = await named(intake, where, {"title": "Đơn", **blob, **wrong})
        assert (answer.status_code, answer.json()["code"]) == (409, "file_missing"), wrong
    for malformed in ("../../etc/passwd", blob["digest"].upper(), "a" * 63):
        assert (await named(intake, where, {"title": "Đơn", **blob, "digest": malformed})).status_code == 422
    assert (await named(intake, where, {"title": "Đơn", **blob})).is_success


async def test_what_a_file_was_called_is_personal(intake):
    blob = (await send(intake, PDF)).json()
    body = transfer(documents=[{"title": "Đơn", **blob}], file_names={blob["digest"]: "đơn của Bình.pdf"})
    id = (await intake.ok("/applications", **body))["id"]
    whole = await desk(intake, SCHOOL).read(f"/applications/{id}")
    assert whole["history"][0]["data"]["file_names"] == {blob["digest"]: "đơn của Bình.pdf"}
    rows = await intake.service.pool.fetch("SELECT data FROM truth.events WHERE stream = $1", f"application-{id}")
    assert all("Bình.pdf".encode() not in bytes(each["data"]) for each in rows)
    assert (await desk(intake, OTHER).get(f"/applications/{id}")).status_code == 403
