"""What the stand-in document exchange was handed, and what it handed on: one SQLite file, written before it answers.

A document is known by its DocumentId and what it does to an earlier one, a status by its key: what comes again is
counted, and answered as the first time. A delivery is one message for one organisation, offered until acknowledged.
"""

import datetime as dt
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from kernel.decider import Text
from kernel.edoc import schema
from kernel.edoc.edxml import read, write
from kernel.edoc.message import Business, Envelope, Malformed, Organisation, Status, StatusCode

Kind: TypeAlias = Literal["edoc", "status"]
PAGE = 100

_TABLES = """
create table if not exists document (
    number integer primary key, document_id text not null, business integer not null, sender text not null,
    receivers text not null, code text not null, subject text not null, content blob not null, at text not null,
    times integer not null default 1, unique (document_id, business));
create table if not exists status (
    number integer primary key, key text not null unique, document_id text not null, code text not null,
    sender text not null, said_at text not null, content blob not null, at text not null,
    times integer not null default 1);
create table if not exists delivery (
    number integer primary key, id text not null unique, organ text not null, kind text not null,
    message integer not null, at text not null, fetched integer not null default 0, outcome text);
create index if not exists waiting on delivery (organ, kind) where outcome is null;
create table if not exists refusal (
    number integer primary key, at text not null, organ text not null, code text not null, place text not null);
"""

_SCHEMA = Text(
    "Văn bản không đúng lược đồ edXML 1.02 (edxml.xsd)", "The message does not fit the schema of edXML 1.02 (edxml.xsd)"
)
_SENDER = Text("Bên gửi trong văn bản không phải là bên đang kết nối", "The message's sender is not who is connected")
_KIND = Text("Loại gói tin (MessageType) không khớp với nội dung", "MessageType does not fit the message")
_UNKNOWN = Text("Không có văn bản nào có DocumentId này", "There is no document with this DocumentId")


class Record:
    """The record in one folder. Methods take effect wholly or not at all, and are on the disk when they return."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "exchange.sqlite", isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    def keep(self, content: bytes, organ: str, kind: str, *, twice: bool = False) -> tuple[str, Envelope | Status]:
        """Take a message over; answers its number and what it is. `twice`: offer it twice to each receiver.

        Raises Malformed where it is not as it must be; that is kept on record too, without its text.
        """
        try:
            message = _judged(content, organ, kind)
            with self._writing():
                if isinstance(message, Envelope):
                    number = self._document(message, content, twice)
                else:
                    number = self._status(message, content, twice)
        except Malformed as error:
            with self._writing():
                self._db.execute(
                    "insert into refusal (at, organ, code, place) values (?, ?, ?, ?)",
                    (_now(), organ, error.code, error.where),
                )
            raise
        return f"{kind}-{number}", message

    def recall(self, status: Status) -> None:
        """Make the sender of a document take it back, after its receiver has said what this status says."""
        found = self._one("select * from document where document_id = ?", status.response_for.document_id)
        if found is None:
            return
        recall = Status(
            sender=Organisation(id=found["sender"]),
            response_for=replace(status.response_for, organ_id=found["sender"]),
            code=StatusCode.RECALLED,
            description="Bên gửi thu hồi văn bản",
            at=dt.datetime.now(dt.UTC).replace(microsecond=0),
        )
        with self._writing():
            self._status(recall, write(recall), twice=False, to=(status.sender.id,))

    def _document(self, message: Envelope, content: bytes, twice: bool) -> int:
        header = message.header
        business = message.trace.business.kind
        known = self._one(
            "update document set times = times + 1 where document_id = ? and business = ? returning number",
            header.document_id,
            business,
        )
        if known:
            return int(known["number"])
        receivers = [each.id for each in header.receivers]
        number = self._insert(
            "insert into document (document_id, business, sender, receivers, code, subject, content, at)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            header.document_id,
            business,
            header.sender.id,
            " ".join(receivers),
            str(header.code),
            header.subject,
            content,
            _now(),
        )
        self._deliver("edoc", number, receivers, twice)
        return number

    def _status(self, said: Status, content: bytes, twice: bool, to: tuple[str, ...] = ()) -> int:
        document = self._one(
            "select * from document where document_id = ? order by business, number", said.response_for.document_id
        )
        if document is None:
            raise Malformed("unknown_document", _UNKNOWN, where="Status/ResponseFor/DocumentId")
        known = self._one("update status set times = times + 1 where key = ? returning number", said.id)
        if known:
            return int(known["number"])
        number = self._insert(
            "insert into status (key, document_id, code, sender, said_at, content, at) values (?, ?, ?, ?, ?, ?, ?)",
            said.id,
            said.response_for.document_id,
            said.code.value,
            said.sender.id,
            said.at.isoformat(),
            content,
            _now(),
        )
        others = document["receivers"].split() if said.sender.id == document["sender"] else [document["sender"]]
        self._deliver("status", number, to or others, twice)
        return number

    def _deliver(self, kind: Kind, message: int, organs: Any, twice: bool) -> None:
        for organ in (*organs, *(organs if twice else ())):
            self._insert(
                "insert into delivery (id, organ, kind, message, at) values (?, ?, ?, ?, ?)",
                uuid.uuid4().hex,
                organ,
                kind,
                message,
                _now(),
            )

    def waiting(self, organ: str, kind: str) -> list[dict[str, Any]]:
        """What an organisation has not acknowledged, oldest first."""
        rows = self._db.execute(
            "select id, at from delivery where organ = ? and kind = ? and outcome is null order by number limit ?",
            (organ, kind, PAGE),
        )
        return [{"docId": row["id"], "messagetype": kind, "created_time": row["at"]} for row in rows]

    def fetch(self, organ: str, id: str) -> bytes | None:
        """A message that is or was offered to an organisation; None where there is none under that id."""
        with self._writing():
            found = self._one(
                "update delivery set fetched = fetched + 1 where organ = ? and id = ? returning kind, message",
                organ,
                id,
            )
            if found is None:
                return None
            table = "document" if found["kind"] == "edoc" else "status"
            row = self._one(f"select content from {table} where number = ?", found["message"])
        return bytes(row["content"]) if row else None

    def acknowledge(self, organ: str, id: str, outcome: str) -> bool:
        """Offer it no more; answers whether there is such a delivery. The first outcome stays."""
        with self._writing():
            found = self._one(
                "update delivery set outcome = coalesce(outcome, ?) where organ = ? and id = ? returning number",
                outcome,
                organ,
                id,
            )
        return found is not None

    def documents(self) -> list[dict[str, Any]]:
        """All documents, newest first, each with its statuses, oldest first."""
        made = []
        for row in self._db.execute("select * from document order by number desc").fetchall():
            statuses = self._db.execute(
                "select code, sender, said_at, at, times from status where document_id = ? order by number",
                (row["document_id"],),
            )
            made.append({**_plain(row), "statuses": [_plain(each) for each in statuses]})
        return made

    def content(self, number: int) -> bytes | None:
        row = self._one("select content from document where number = ?", number)
        return bytes(row["content"]) if row else None

    def all(self) -> dict[str, list[dict[str, Any]]]:
        """The whole record, without the messages: what checkers and the page read."""
        tables = {"statuses": "status", "deliveries": "delivery", "refusals": "refusal"}
        found = {
            name: [_plain(row) for row in self._db.execute(f"select * from {table} order by number")]
            for name, table in tables.items()
        }
        return {"documents": list(reversed(self.documents())), **found}

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def _one(self, sql: str, *values: object) -> sqlite3.Row | None:
        rows = self._db.execute(sql, values).fetchall()  # all of them: a statement half read keeps its lock
        return rows[0] if rows else None

    def _insert(self, sql: str, *values: object) -> int:
        return int(self._db.execute(sql, values).lastrowid or 0)


def _judged(content: bytes, organ: str, kind: str) -> Envelope | Status:
    """A message that fits the schema, comes from whom it says, and is of the kind it says. Raises Malformed."""
    message = read(content)
    if faults := schema.faults(content):
        raise Malformed("schema", _SCHEMA, where=faults[0])
    sender = message.header.sender if isinstance(message, Envelope) else message.sender
    if sender.id != organ:
        raise Malformed("sender", _SENDER, where="From/OrganId")
    if kind != ("edoc" if isinstance(message, Envelope) else "status"):
        raise Malformed("kind", _KIND)
    return message


def _plain(row: sqlite3.Row) -> dict[str, Any]:
    made = {name: row[name] for name in row.keys() if name != "content"}  # noqa: SIM118 (a Row is no mapping)
    made["came_at"] = dt.datetime.fromisoformat(made.pop("at"))
    if "business" in made:
        made["business"] = Business(made["business"]).name.lower()
    return made


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")


def answer_to(message: Envelope | Status, number: str) -> Mapping[str, str]:
    """What the sender of a message is told, the same each time."""
    about = message.document_id if isinstance(message, Envelope) else message.id
    return {"status": "OK", "ErrorCode": "0", "ErrorDesc": "Thành công", "DocId": number, "DocumentId": about}
