"""The numbers of a unit's letters."""

from kernel.letters import numbering
from schemas.deadlines import LetterNumbered
from services.deadlines.domain.dossier import stream_of

letters = numbering(LetterNumbered)


def letters_stream(unit: str, year: int) -> str:
    return stream_of("letters", f"{unit} {year}")
