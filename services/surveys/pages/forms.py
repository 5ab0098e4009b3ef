"""What the forms of managers' pages have in common: what is said when something is wrong."""

from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException
from pydantic import ValidationError

from kernel import problems
from kernel.decider import Rejected, Text
from kernel.layout import say
from kernel.store import Conflict
from kernel.web import Asked
from services.surveys.api.sampling import BadFrame
from services.surveys.pages import terms

WRONG = (Rejected, Conflict, ValueError, HTTPException, BadFrame)
UNREAD = Text("Có mục chưa đúng dạng thức.", "Something is not in the right form.")


def by_hand(said: str) -> Asked:
    """A form that was sent has no key: what it does twice comes to nothing the second time, or is refused in words."""
    return Asked(None, b"", said)


def problem_of(error: Exception, said: str) -> dict[str, Any]:
    """What is wrong with a form that was sent. Raises what is not about its content: who may not, what is not there."""
    match error:
        case Rejected():
            return problems.of_rejected(error, said)
        case BadFrame():
            return error.problem(said)
        case Conflict():
            return problems.problem(409, "changed_meanwhile", problems.CHANGED, said)
        case ValidationError():
            found = problems.of_fields(error.errors(), said)
            for each in found.get("errors", ()):
                name = each["where"].rpartition(".")[2]
                each["where"] = say(terms.FIELD.get(name, Text(name, name)), lang=said)
            return found
        case HTTPException(status_code=409 | 422) if isinstance(error.detail, Text):
            return problems.problem(error.status_code, "invalid", error.detail, said)
        case HTTPException():
            raise error
        case _:
            return problems.problem(422, "invalid", UNREAD, said)


def whole(form: Mapping[str, str], name: str, usual: int = 0) -> int:
    """A whole number of a form; the usual one where nothing was typed in. Raises ValueError."""
    text = form.get(name, "").replace(".", "").replace(" ", "")
    return int(text) if text else usual


def share(form: Mapping[str, str], name: str, usual: float) -> float:
    """A percentage of a form (5 or 5,5) as a share. Raises ValueError."""
    text = form.get(name, "").replace("%", "").replace(",", ".").strip()
    return float(text) / 100 if text else usual
