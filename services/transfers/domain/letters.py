"""The numbers of a unit's letters."""

from kernel.letters import numbering
from schemas.transfers import LetterNumbered

letters = numbering(LetterNumbered)
