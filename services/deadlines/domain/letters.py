"""The numbers of a unit's letters."""

from uuid import uuid5

from kernel.letters import numbering
from schemas.deadlines import LetterNumbered
from services.deadlines.domain.dossier import NAMESPACE

letters = numbering(LetterNumbered)


def letters_stream(unit: str, year: int) -> str:
    return f"letters-{uuid5(NAMESPACE, f'{unit} {year}')}"
