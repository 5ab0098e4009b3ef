"""How streams and documents are named, so that whoever opens one twice opens the same one; and what every event of a
case repeats, so that a listener needs nothing else."""

from typing import Any
from uuid import UUID, uuid5

NAMESPACE = UUID("5d2c9a52-7f0b-5a6e-9b1d-3f8e6a0c4b17")
"""The streams and documents of this service are named after those they are about."""

ABOUT = ("application", "from_school", "to_school")


def about(said: Any) -> dict[str, Any]:
    """What a command, a state or an event says about its case."""
    return {name: getattr(said, name) for name in ABOUT}


def transfer_stream(application: str) -> str:
    """The stream of the case that belongs to a dossier of intake, by the dossier's stream."""
    return f"transfer-{uuid5(NAMESPACE, application)}"


def pupil_stream(pupil: UUID) -> str:
    """The stream of where a pupil goes to school, by the key that seals the pupil's data."""
    return f"pupil-{pupil}"


def class_stream(school: str, year: int, grade: int, name: str) -> str:
    """The stream of a class, which is its id everywhere (`class_id`, `to_class` of events): nobody can ask for a place
    in a class of another school, school year or grade. Names are compared without case and outer blanks."""
    return f"class-{uuid5(NAMESPACE, f'{school} {year} {grade} {name.strip().casefold()}')}"


def document_id(source: str, ordinal: int) -> UUID:
    """A letter's id on the exchange, by the stream that has its text and its number there: sent again it is the
    same."""
    return uuid5(NAMESPACE, f"{source} {ordinal}")


def document_stream(document: UUID) -> str:
    return f"document-{document}"


def opinion_stream(document: UUID) -> str:
    """The stream of the Department's side of a consultation, by the document that asked."""
    return f"opinion-{document}"


def delegation_stream(unit: str) -> str:
    return f"delegation-{uuid5(NAMESPACE, unit)}"


def letters_stream(unit: str, year: int) -> str:
    return f"letters-{uuid5(NAMESPACE, f'{unit} {year}')}"
