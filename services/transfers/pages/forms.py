"""What all forms of these pages have in common: what is said when something is wrong."""

from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException
from pydantic import ValidationError

from kernel import problems
from kernel.decider import Rejected, Text
from kernel.layout import say
from kernel.store import Conflict
from kernel.vault import Erased
from kernel.web import Asked
from services.transfers.pages import words

WRONG = (Rejected, Conflict, ValueError, HTTPException, Erased)
NO_DAY = Text("Ngày chưa đúng: viết dạng dd/mm/yyyy, là ngày có trong lịch.", "Not a day: write it as dd/mm/yyyy.")
CHOOSE = Text("Hãy chọn một mục", "Choose one")


def by_hand(said: str) -> Asked:
    """A form that was sent has no key: what it does twice comes to nothing the second time."""
    return Asked(None, b"", said)


def problem_of(error: Exception, said: str) -> dict[str, Any]:
    """What is wrong with a form that was sent. Raises what is not about its content: who may not, what is not there."""
    match error:
        case Rejected():
            return problems.of_rejected(error, said)
        case Conflict():
            return problems.problem(409, "changed_meanwhile", problems.CHANGED, said)
        case Erased():
            return problems.problem(410, "erased", problems.ERASED, said, instead=words.WHEN_ERASED)
        case ValidationError():
            return _labelled(problems.of_fields(error.errors(), said), said)
        case HTTPException(status_code=409 | 413 | 415 | 422) if isinstance(error.detail, Text):
            return problems.problem(error.status_code, "invalid", error.detail, said)
        case HTTPException():
            raise error
        case _:
            return problems.problem(422, "invalid", NO_DAY, said)


def _labelled(problem: dict[str, Any], said: str) -> dict[str, Any]:
    """The same with fields called as the page calls them."""
    for each in problem.get("errors", ()):
        each["where"] = say(words.called(words.FIELD, each["where"].rpartition(".")[2]), lang=said)
        if each["kind"] == "literal_error":
            each["what"] = say(CHOOSE, lang=said)
    return problem


def whole(form: Mapping[str, str], name: str) -> int:
    """A whole number of a form; 0 where it is none."""
    text = form.get(name, "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else 0
