"""Rows as of now: an answer about one stream folds it as its view does, and so shows what was just decided."""

from collections.abc import Iterable
from typing import Any

from kernel.handlers import Key, View
from kernel.service import Service
from schemas.event import Personal, Recorded


def shown(view: View, history: Iterable[Recorded]) -> dict[Key, Any]:
    """The rows of a view that these events come to."""
    rows: dict[Key, Any] = {}
    for each in history:
        step = view.evolve.get(type(each.event))
        key = view.key(each) if step else None
        if step and key is not None:
            rows[key] = step(rows.get(key), each)
    return {key: row for key, row in rows.items() if row is not None}


async def row_of(service: Service, view: View, stream: str) -> Any:
    """The one row of a stream as of now; None where there is none."""
    return next(iter(shown(view, await service.history(stream)).values()), None)


async def opened(service: Service, *boxes: tuple[Any, bytes | None, Any]) -> list[Any]:
    """What is in these boxes (subject, sealed, type): None where there is none, or where the person was erased."""
    wanted: list[tuple[Personal[Any], Any]] = [
        (Personal(subject=subject, sealed=sealed), inner) for subject, sealed, inner in boxes if sealed
    ]
    found = iter(await service.vault.unseal(wanted) if wanted else ())
    return [next(found) if sealed else None for _, sealed, _ in boxes]


async def names(service: Service) -> dict[str, str]:
    """What units are called."""
    return {row["unit"]: row["name"] for row in await service.pool.fetch("SELECT unit, name FROM view.unit")}
