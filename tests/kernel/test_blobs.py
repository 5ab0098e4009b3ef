"""Files at rest: sealed where they lie, whole or not at all, and read as they were sent."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel import blobs
from kernel.blobs import MARK, PIECE, SALT, TAG, Damaged

KEY = b"an installation's key"
PDF = b"%PDF-1.7 "


async def pieces(content: bytes, step: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), step):
        yield content[start : start + step]


def content(size: int) -> bytes:
    return (PDF + bytes(number % 251 for number in range(size)))[:size]


@pytest.mark.parametrize("size", [16, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 5])
@pytest.mark.parametrize("step", [1000, 256 << 10])
async def test_what_is_stored_is_read_as_it_was_and_nobody_reads_it_on_the_disk(
    tmp_path: Path, size: int, step: int
) -> None:
    sent = content(size)
    kept = await blobs.put(tmp_path, pieces(sent, step), most=1 << 20, key=KEY)
    path = blobs.path(tmp_path, kept.digest)
    assert b"".join(blobs.read(path, KEY)) == sent
    assert blobs.size_and_type(tmp_path, kept.digest, KEY) == kept
    assert (kept.size, kept.media_type) == (size, "application/pdf")
    lies = path.read_bytes()
    assert lies.startswith(MARK) and PDF not in lies and sent[8:16] not in lies
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_of_any_type_is_kept_once_under_its_name_even_an_empty_one(tmp_path: Path) -> None:
    for name, sent in (("a.edxml", b"<edXML>"), ("b", b"")):
        for _ in range(2):
            blobs.keep(tmp_path / "in" / name, sent, KEY)
        assert b"".join(blobs.read(tmp_path / "in" / name, KEY)) == sent
        assert blobs.size(tmp_path / "in" / name) == len(sent)
    assert sorted(each.name for each in (tmp_path / "in").iterdir()) == ["a.edxml", "b"]


def spoilt(lies: bytes, how: str) -> bytes:
    start, piece = len(MARK) + SALT, PIECE + TAG
    first, second, rest = (
        lies[start : start + piece],
        lies[start + piece : start + 2 * piece],
        lies[start + 2 * piece :],
    )
    return (
        lies[:start]
        + {
            "cut off": first + second,
            "swapped": second + first + rest,
            "left out": second + rest,
            "changed": first[:7] + bytes([first[7] ^ 1]) + first[8:] + second + rest,
        }[how]
    )


@pytest.mark.parametrize("how", ["cut off", "swapped", "left out", "changed"])
def test_a_file_that_was_tampered_with_is_not_given_out(tmp_path: Path, how: str) -> None:
    path = tmp_path / "a"
    blobs.keep(path, content(2 * PIECE + 9), KEY)
    path.write_bytes(spoilt(path.read_bytes(), how))
    with pytest.raises(Damaged):
        list(blobs.read(path, KEY))


def test_another_installations_key_opens_nothing(tmp_path: Path) -> None:
    blobs.keep(tmp_path / "a", b"<edXML>", KEY)
    with pytest.raises(Damaged):
        list(blobs.read(tmp_path / "a", b"another"))


@pytest.mark.parametrize("size", [5, 16, PIECE + 20])
def test_what_an_earlier_version_kept_in_clear_is_still_read(tmp_path: Path, size: int) -> None:
    (tmp_path / "a").write_bytes(content(size))
    assert b"".join(blobs.read(tmp_path / "a", KEY)) == content(size)
    assert blobs.size(tmp_path / "a") == size


def test_a_file_is_saved_under_its_own_name_and_never_shown_or_run() -> None:
    said = blobs.saved_as('trả lời "số 1"\r\n../x.html')
    assert said["content-disposition"].startswith('attachment; filename="')
    assert "\r" not in said["content-disposition"] and "tr%E1%BA%A3" in said["content-disposition"]
    assert said["content-security-policy"] == "sandbox"
