"""The watched folder: a file is there whole or not at all, once, and nothing that lies there can lead elsewhere."""

from pathlib import Path

import pytest

from edoc_samples import DEPARTMENT, SCHOOL, document, status
from kernel.edoc.edxml import read, write
from kernel.edoc.exchange import open_exchange
from kernel.edoc.folder import Folder
from kernel.edoc.gateway import Gateway
from kernel.post import Refused, Unreachable
from kernel.settings import Settings


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_what_is_sent_again_lies_there_once_even_when_it_was_taken_away(tmp_path: Path) -> None:
    folder, sent = Folder(tmp_path), document()
    for _ in range(2):
        await folder.send(sent.document_id, write(sent))
    said = status(sent)
    await folder.send(said.id, write(said), "status")
    first, second = names(tmp_path / "outbox")
    assert read((tmp_path / "outbox" / first).read_bytes()) == sent
    assert read((tmp_path / "outbox" / second).read_bytes()) == said and second.startswith("status-")
    (tmp_path / "outbox" / first).unlink()
    await folder.send(sent.document_id, write(sent))
    assert names(tmp_path / "outbox") == [second]


async def test_a_crash_before_the_mark_sends_again_and_loses_nothing(tmp_path: Path) -> None:
    folder, sent = Folder(tmp_path), document()
    await folder.send(sent.document_id, write(sent))
    [mark] = (tmp_path / "sent").iterdir()
    mark.unlink()
    await folder.send(sent.document_id, write(sent))
    assert names(tmp_path / "outbox") == names(tmp_path / "sent") == [mark.name]


async def test_what_arrives_is_offered_until_acknowledged_then_deleted(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert list(await folder.received()) == []
    inbox = tmp_path / "inbox"
    (inbox / "a.edxml").write_bytes(write(document(1)))
    (inbox / "b.XML").write_bytes(b"no message")
    (inbox / ".c.edxml").write_bytes(b"half a mess")
    (inbox / "d.edxml.part").write_bytes(b"half a mess")
    (inbox / "e.edxml").mkdir()
    assert list(await folder.received()) == ["a.edxml", "b.XML"] == list(await folder.received())
    assert read(await folder.fetch("a.edxml")) == document(1)
    await folder.acknowledge("a.edxml")
    await folder.acknowledge("a.edxml")
    await folder.acknowledge("b.XML", good=False)
    assert list(await folder.received()) == []
    assert not (inbox / "a.edxml").exists() and not (inbox / "b.XML").exists(), "nobody's papers lie there for ever"
    assert names(tmp_path / "failed") == ["b.XML"] and (tmp_path / "failed" / "b.XML").stat().st_size == 0


async def test_another_file_of_the_same_name_is_another_message(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    await folder.received()
    for number in (1, 2, 3):
        (tmp_path / "inbox" / "a.edxml").write_bytes(write(document(number)))
        assert read(await folder.fetch("a.edxml")) == document(number)
        await folder.acknowledge("a.edxml")
    assert list(await folder.received()) == []


@pytest.mark.parametrize(
    "id", ["../outbox/a.edxml", "/etc/passwd", "..", ".a.edxml", "a", "a/b.edxml", "a\0.edxml", ""]
)
async def test_no_name_leads_out_of_the_inbox(tmp_path: Path, id: str) -> None:
    folder = Folder(tmp_path / "x")
    for call in (folder.fetch(id), folder.acknowledge(id)):
        with pytest.raises(Refused):
            await call


async def test_a_file_that_is_gone_or_too_large_is_refused_and_a_folder_that_fails_is_tried_again(
    tmp_path: Path,
) -> None:
    folder = Folder(tmp_path / "x")
    with pytest.raises(Refused):
        await folder.fetch("a.edxml")
    with (tmp_path / "x" / "inbox" / "a.edxml").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(Refused, match="too large"):
        await folder.fetch("a.edxml")
    (tmp_path / "y").write_bytes(b"a file where a folder should be")
    with pytest.raises(Unreachable, match=r"can't be used"):
        await Folder(tmp_path / "y").received()


def test_the_setting_says_which_way_for_which_organisation(tmp_path: Path) -> None:
    assert open_exchange(Settings()) is None
    config = Settings(edoc=f"file://{tmp_path}", edoc_organ=SCHOOL)
    assert isinstance(open_exchange(config), Folder)
    assert isinstance(open_exchange(Settings(edoc="https://truc.example/"), DEPARTMENT), Gateway)
    for wrong in (
        {"edoc": "ftp://a", "edoc_organ": SCHOOL},
        {"edoc": "https://a"},
        {"edoc": "https://a", "edoc_organ": "../a"},
    ):
        with pytest.raises(ValueError, match="MOTCUA_EDOC"):
            open_exchange(Settings(**wrong))
