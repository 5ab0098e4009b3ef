"""The consultation letter as the system drafts it, from the facts alone (form of NĐ 30/2020/NĐ-CP, "văn bản xin ý kiến")."""

from collections.abc import Sequence

from schemas.transfers import Consultation, Facts, Finding, SpecialGround


def consultation(
    facts: Facts,
    grounds: Sequence[SpecialGround],
    findings: Sequence[Finding],
    *,
    code: str,
    from_name: str,
    to_name: str,
    department: str,
    pupil: str = "",
) -> Consultation:
    """The text that asks the Department's leadership for its consent. Names are those of units; `pupil` is the pupil's
    name, "" where the writer may not see it: then the letter names the dossier's code only."""
    raise NotImplementedError
