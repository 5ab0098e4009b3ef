"""The routes of a dossier: one to read it, one for each command."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response

from kernel.access import Tracking
from kernel.web import Called, Here, Who
from services.intake.api.application.action import Action, act
from services.intake.api.application.consultation import AnswerConsultationBody, ConsultBody, NameLateConsulteeBody
from services.intake.api.application.correction import CorrectBody
from services.intake.api.application.dossier import Summary, Whole, read, told
from services.intake.api.application.ending import StopBody, WithdrawBody
from services.intake.api.application.handling import AssignBody, PassOnBody
from services.intake.api.application.receipt import ReceiveBody, RefuseReceiptBody
from services.intake.api.application.result import HandOverResultBody, ResolveBody
from services.intake.api.application.supplement import AskSupplementBody, SupplyBody
from services.intake.api.reference import Reference

router = APIRouter(tags=["Hồ sơ / Applications"])
ACTIONS: tuple[type[Action], ...] = (
    ReceiveBody,
    RefuseReceiptBody,
    AskSupplementBody,
    SupplyBody,
    ConsultBody,
    AnswerConsultationBody,
    NameLateConsulteeBody,
    AssignBody,
    PassOnBody,
    ResolveBody,
    HandOverResultBody,
    StopBody,
    WithdrawBody,
    CorrectBody,
)


async def if_match(
    value: Annotated[str | None, Header(alias="if-match", pattern=r'^"?[0-9]{1,9}"?$')] = None,
) -> int | None:
    """The number that was seen, from If-Match."""
    return int(value.strip('"')) if value else None


Expected = Annotated[int | None, Depends(if_match)]


@router.get("/applications/{id}", response_model=Whole, summary="Read a dossier (officers of its units)")
async def get_application(service: Here, actor: Who, id: UUID) -> Whole:
    return await read(service, actor, id)


def _route(action: type[Action]) -> Callable[..., Any]:
    async def post(
        call: Called, id: UUID, body: Any, expected: Expected = None, motcua_tracking: Tracking = ""
    ) -> Response:
        service, known = call.service, call.service.keep(Reference)
        return told(
            service,
            await act(service, known, call.actor, id, body, call.asked, expected=expected, tracking=motcua_tracking),
        )

    post.__annotations__["body"] = action
    post.__name__ = action.path.replace("-", "_")
    return post


for _action in ACTIONS:
    router.add_api_route(
        f"/applications/{{id}}/{_action.path}",
        _route(_action),
        methods=["POST"],
        response_model=Summary,
        summary=_action.says,
    )
