"""Fold a batch of events into the tables of a view schema: load the rows it touches in one query a table, fold in
memory, write each table once. Totals change by the difference between a row's old and new contributions.

An event is folded into all views or into none: the one that can't be is told apart (see `Stage.take`) and the others
are not disturbed.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import msgspec

from kernel.handlers import Key, Total, View
from schemas.event import Event, Recorded

KeyOf: TypeAlias = Callable[[Recorded], Key | None]
Apart: TypeAlias = Callable[[Event], Sequence[Event]] | None
Evolve: TypeAlias = Callable[[Any, Recorded], Any]
_TYPES = {"character varying": "text"}
MANY = 200  # rows of one batch that are there already, from which only what differs of them is written


class Mismatch(Exception):
    """tables.sql and a view's row do not name the same columns in the same order. Make them agree."""


class _Table:
    """The statements for one table, made from the columns that the database says it has."""

    def __init__(self, name: str, key: Sequence[str], columns: Sequence[str], types: dict[str, str]) -> None:
        self.name, self.columns, self.types, self.key_width = name, columns, types, len(key)
        keys = ", ".join(key)
        all_columns = ", ".join(columns)
        given = ", ".join(f"${n}::{types[c]}[]" for n, c in enumerate(columns, 1))
        self.given_keys = ", ".join(f"${n}::{types[c]}[]" for n, c in enumerate(key, 1))
        matched = " AND ".join(f"t.{c} = g.{c}" for c in key)
        values = [c for c in columns if c not in key]
        changed = ", ".join(f"{c} = EXCLUDED.{c}" for c in values)
        added = ", ".join(f"{c} = t.{c} + EXCLUDED.{c}" for c in values)
        unnested = f"unnest({self.given_keys}) AS g({keys})"
        self.load = f"SELECT {', '.join('t.' + c for c in columns)} FROM {name} t JOIN {unnested} ON {matched}"
        into = f"INSERT INTO {name} AS t ({all_columns}) SELECT * FROM unnest({given})"
        self.put = f"{into} ON CONFLICT ({keys}) DO " + (f"UPDATE SET {changed}" if values else "NOTHING")
        self.add = f"{into} ON CONFLICT ({keys}) DO UPDATE SET {added}"
        self.drop = f"DELETE FROM {name} t USING {unnested} WHERE {matched}"
        self.drop_empty = f"{self.drop} AND " + " AND ".join(f"t.{c} = 0" for c in values)

    def change(self, places: Sequence[int]) -> str:
        """Write only these columns, the key's first, of rows that are there."""
        names = [self.columns[n] for n in places]
        given = ", ".join(f"${n}::{self.types[c]}[]" for n, c in enumerate(names, 1))
        changed = ", ".join(f"{c} = g.{c}" for c in names[self.key_width :])
        matched = " AND ".join(f"t.{c} = g.{c}" for c in names[: self.key_width])
        return f"UPDATE {self.name} t SET {changed} FROM unnest({given}) AS g({', '.join(names)}) WHERE {matched}"


class Views:
    """A set of views in one schema of the database."""

    def __init__(self, views: Sequence[View], schema: str = "view") -> None:
        self.views, self.schema = views, schema
        self.wanted: dict[type[Event], list[tuple[int, KeyOf, Evolve, Apart]]] = {}
        for index, view in enumerate(views):
            for event, evolve in view.evolve.items():
                self.wanted.setdefault(event, []).append((index, view.key, evolve, view.apart))
        self._tables: dict[str, _Table] = {}

    async def prepare(self, connection: Any) -> None:
        """Learn the tables. Raises Mismatch where tables.sql and the rows disagree."""
        rows = await connection.fetch(
            "SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type"
            " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = $1 AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r'"
            " ORDER BY c.relname, a.attnum",
            self.schema,
        )
        found: dict[str, dict[str, str]] = {}
        for row in rows:
            found.setdefault(row["table"], {})[row["column"]] = _TYPES.get(row["type"], row["type"])
        for view in self.views:
            self._learn(view.table, view.key_columns, view.row.__struct_fields__, found)
            for total in view.totals:
                self._learn(total.table, total.key, (*total.key, *total.amounts), found)

    def _learn(self, table: str, key: Sequence[str], columns: Sequence[str], found: dict[str, dict[str, str]]) -> None:
        types = found.get(table, {})
        if set(columns) != set(types) or tuple(columns[: len(key)]) != tuple(key):
            raise Mismatch(
                f"{self.schema}.{table}: the row says {', '.join(columns)}; the table has {', '.join(types)}"
            )
        self._tables[table] = _Table(f"{self.schema}.{table}", key, columns, types)

    async def stage(self, connection: Any, events: Iterable[Recorded]) -> "Stage":
        """A stage that holds every row that these events could touch."""
        stage, wanted = Stage(self), self.wanted
        for recorded in events:
            for index, key_of, _, apart in wanted.get(type(recorded.event), ()):
                for part in _parts(recorded, apart) if apart else (recorded,):
                    if (key := key_of(part)) is not None:
                        stage.before[index][key] = None
        for index, view in enumerate(self.views):
            if keys := list(stage.before[index]):
                if view.shared:
                    await connection.execute(
                        "SELECT pg_advisory_xact_lock(hashtext($1))", f"{self.schema}.{view.table}"
                    )
                table, width, before = self._tables[view.table], len(view.key_columns), stage.before[index]
                columns = table.columns
                for record in await connection.fetch(table.load, *zip(*keys, strict=True)):
                    before[record[:width]] = view.row(**dict(zip(columns, record, strict=True)))
        stage.after = [dict(rows) for rows in stage.before]
        return stage

    async def write(self, connection: Any, stage: "Stage") -> None:
        for index, view in enumerate(self.views):
            if not (changed := stage.changed(index)):
                continue
            table = self._tables[view.table]
            await self._put(connection, table, changed.values())
            if gone := [key for key, (_, new) in changed.items() if new is None]:
                await connection.execute(table.drop, *zip(*gone, strict=True))
            for total in view.totals:
                await self._add(connection, total, changed.values())

    async def _put(self, connection: Any, table: _Table, changed: Iterable[tuple[Any, Any]]) -> None:
        """Of many rows that were there, only the columns in which one differs: an event changes a few of them."""
        rows = [(old, new) for old, new in changed if new is not None]
        there = [each for each in rows if each[0] is not None]
        if len(there) >= MANY:
            rows = [each for each in rows if each[0] is None]
            before, after = _columns(old for old, _ in there), _columns(new for _, new in there)
            differ = [n for n, column in enumerate(after) if column != before[n]]
            if differ:
                places = [*range(table.key_width), *differ]
                await connection.execute(table.change(places), *(after[n] for n in places))
        if rows:
            await connection.execute(table.put, *_columns(new for _, new in rows))

    async def _add(self, connection: Any, total: Total, changed: Iterable[tuple[Any, Any]]) -> None:
        sums = differences(total, changed)
        if not sums:
            return
        table = self._tables[total.table]
        ordered = sorted(sums.items(), key=lambda item: tuple(map(str, item[0])))  # one order: no deadlocks
        await connection.execute(table.add, *zip(*((*key, *amounts) for key, amounts in ordered), strict=True))
        lowered = [key for key, amounts in ordered if min(amounts) < 0]
        if lowered:
            await connection.execute(table.drop_empty, *zip(*lowered, strict=True))


def _columns(rows: Iterable[Any]) -> list[tuple[Any, ...]]:
    return list(zip(*map(msgspec.structs.astuple, rows), strict=True))


def differences(total: Total, changed: Iterable[tuple[Any, Any]]) -> dict[Key, tuple[int, ...]]:
    """What (old row, new row) pairs change of a total, without what cancels out. Pure."""
    sums: dict[Key, tuple[int, ...]] = {}
    share = total.share
    for old, new in changed:
        before = list(share(old)) if old is not None else []
        after = list(share(new)) if new is not None else []
        if before == after:
            continue
        for key, amounts in before:
            have = sums.get(key)
            sums[key] = (
                tuple(-a for a in amounts) if have is None else tuple(h - a for h, a in zip(have, amounts, strict=True))
            )
        for key, amounts in after:
            have = sums.get(key)
            sums[key] = amounts if have is None else tuple(h + a for h, a in zip(have, amounts, strict=True))
    return {key: amounts for key, amounts in sums.items() if any(amounts)}


def _parts(recorded: Recorded, apart: Callable[[Event], Sequence[Event]]) -> list[Recorded]:
    """An event as several, each of one row, no two of the same."""
    return [msgspec.structs.replace(recorded, event=each) for each in apart(recorded.event)]


class Stage:
    """Rows before a batch (of every key that it could touch), and after as much of it as was taken."""

    def __init__(self, views: Views) -> None:
        self._wanted = views.wanted
        self.before: list[dict[Key, Any]] = [{} for _ in views.views]
        self.after: list[dict[Key, Any]] = []

    def take(self, recorded: Recorded) -> None:
        """Fold one event into all views that want it. Where one of them raises, none is changed."""
        outcome = []
        for index, key_of, evolve, apart in self._wanted.get(type(recorded.event), ()):
            for part in _parts(recorded, apart) if apart else (recorded,):
                key = key_of(part)
                if key is not None:
                    after = self.after[index]
                    outcome.append((after, key, evolve(after[key], part)))
        for after, key, row in outcome:
            after[key] = row

    def changed(self, index: int) -> dict[Key, tuple[Any, Any]]:
        """Key to (row before, row after), where they differ."""
        before = self.before[index]
        return {key: (before[key], row) for key, row in self.after[index].items() if row is not before[key]}
