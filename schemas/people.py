"""People, papers and places: the values that are typed in at a border and shared by commands, events and services.

They are read from forms, so they carry their limits (pydantic); they are written into events, so they are plain
frozen dataclasses (msgspec). A limit guards the door only: an event is history and is read back without it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field

Line = Annotated[str, Field(max_length=200)]
Paragraph = Annotated[str, Field(max_length=4000)]
Level: TypeAlias = Literal["preschool", "primary", "lower_secondary", "upper_secondary", "continuing", "higher", "any"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A postal address. `district` is empty since 1/7/2025, when that level of government ended."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    street: Annotated[str, Field(max_length=200, examples=["12 đường Hoa Ban"])] = ""
    commune: Annotated[str, Field(max_length=100, examples=["phường Suối Hoa"])] = ""
    district: Annotated[str, Field(max_length=100)] = ""
    province: Annotated[str, Field(max_length=100, examples=["tỉnh Sơn Hà"])] = ""

    @property
    def line(self) -> str:
        """The address in one line."""
        return ", ".join(filter(None, (self.street, self.commune, self.district, self.province)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A citizen, or the organisation that applies. Every field is personal data: only inside `Personal[Person]`."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=150, examples=["Nguyễn Thị Bình"])]
    kind: Literal["citizen", "organisation"] = "citizen"
    id_number: Annotated[
        str, Field(pattern=r"^([0-9]{9}|[0-9]{12}|[0-9]{10}(-[0-9]{3})?|[A-Z][0-9]{7})?$", examples=["001190000001"])
    ] = ""
    born: dt.date | None = None
    phone: Annotated[str, Field(pattern=r"^(\+?[0-9][0-9 .]{7,17})?$", examples=["0912 345 678"])] = ""
    email: Annotated[
        str, Field(pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$", max_length=254, examples=["binh@example.vn"])
    ] = ""
    address: Address = Address()


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One paper or file of a dossier.

    `title` is the kind of paper, in the words of the procedure; never a person's name. A file is named by the SHA-256
    of its content in hexadecimal; what its owner called it is personal and travels apart.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=500, examples=["Đơn xin chuyển trường"])]
    form: Literal["original", "certified_copy", "copy", "electronic"] = "electronic"
    copies: Annotated[int, Field(ge=1, le=99)] = 1
    digest: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    size: Annotated[int, Field(ge=0, le=1 << 40)] = 0
    media_type: Annotated[str, Field(max_length=100, examples=["application/pdf"])] = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a person can go: an office open to the public. None of it is personal data."""

    unit: str
    name: str
    kind: str = ""
    address: str = ""
    hours: str = ""
    how_to_find: str = ""
    phone: str = ""
