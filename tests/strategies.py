"""Values of any type of ours, made from the type itself: for laws that hold for every event, command and state.

Identifiers, texts and times come from small pools, so that two values that were made apart often name the same thing:
laws about repeats and clashes would never be tried otherwise.
"""

import dataclasses
import datetime as dt
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from hypothesis import strategies as st

from schemas.event import Personal

NOON = dt.datetime(2026, 8, 24, 5, 0, tzinfo=dt.UTC)
POOLS: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.sampled_from([0, 1, 2, 5, 400]),
    str: st.sampled_from(["", "a", "b", "H99.2-260824-0001", "15:00", "Trần Thị Ổn"]),
    bytes: st.sampled_from([b"", b"sealed"]),
    float: st.sampled_from([0.0, 1.5]),
    UUID: st.sampled_from([UUID(int=n) for n in range(3)]),
    dt.date: st.sampled_from([dt.date(2019, 1, 1), dt.date(2026, 8, 24), dt.date(2026, 8, 25)]),
    dt.time: st.sampled_from([dt.time(8), dt.time(15)]),
    dt.timedelta: st.sampled_from([dt.timedelta(), dt.timedelta(hours=1)]),
    dt.datetime: st.sampled_from([NOON + dt.timedelta(minutes=m) for m in (0, 5, 10, 60 * 24, 60 * 24 * 400)]),
    type(None): st.none(),
    Any: st.none(),
}


@cache
def of(type: Any) -> st.SearchStrategy[Any]:
    """Any value of this type. Raises TypeError for a type that no command or event of ours should have."""
    if type in POOLS:
        return POOLS[type]
    origin, arguments = get_origin(type), get_args(type)
    if hasattr(type, "__metadata__"):
        return of(type.__origin__)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in {Union, types.UnionType}:
        return st.one_of([of(each) for each in arguments])
    if origin is Personal:
        clear = st.one_of(st.none(), of(arguments[0]))
        return st.builds(Personal, subject=of(UUID), sealed=of(bytes), clear=clear)
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(of(arguments[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*[of(each) for each in arguments])
    if origin is list:
        return st.lists(of(arguments[0]), max_size=2)
    if origin is frozenset:
        return st.frozensets(of(arguments[0]), max_size=3)
    if origin in {dict, Mapping}:
        return st.dictionaries(of(arguments[0]), of(arguments[1]), max_size=2)
    if dataclasses.is_dataclass(type):
        return _built(type, [each.name for each in dataclasses.fields(type)])
    if isinstance(type, _CLASS) and issubclass(type, msgspec.Struct):
        return _built(type, type.__struct_fields__)
    raise TypeError(f"no strategy for {type}")


_CLASS = type


def _built(cls: Any, names: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(cls, include_extras=True)
    return st.builds(cls, **{name: of(hints[name]) for name in names})
