"""What the holder of a token may do: read the questionnaire, put half-done answers by, send them.

Whoever asks is nobody: no session is read, and no Idempotency-Key, for its fingerprint would be one of the answers. A
token is sent in the header `Motcua-Invitation`, so that it stands in no address.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, HTTPException, Request, Response

from kernel import problems, waiting
from kernel.decider import Rejected, Text
from kernel.layout import lang
from kernel.service import Service
from kernel.waiting import Waiting
from kernel.web import answer, here
from schemas.event import Actor
from schemas.surveys import QuestionnairePublished, Way
from services.surveys.api import sealing
from services.surveys.api.catalogue import catalogue
from services.surveys.api.tokens import key_of_stream, read_token, seal, unseal
from services.surveys.domain import invitation as inv
from services.surveys.domain.campaign import Campaign, over_at
from services.surveys.domain.invitation import Invitation, invitation
from services.surveys.domain.naming import invitation_stream
from services.surveys.domain.questionnaire import cleaned
from services.surveys.domain.questionnaire import problems as wrongs

router = APIRouter(tags=["Trả lời khảo sát / Answering"])
RESPONDENT = Actor(id="respondent", roles=("respondent",))
STATUS = {"invitation_unknown": 404, "invitation_expired": 410, "invitation_revoked": 410}
MOST_ANSWERS = 300
EXTENDED = dt.timedelta(days=30)
_answers = msgspec.json.Decoder(dict[str, Any])
Token = Annotated[
    str, Header(alias="motcua-invitation", max_length=100, description="The code on the slip or in the message.")
]
# These routes are asked much, and FastAPI takes longer to solve three dependencies than they have to do: they read the
# request themselves, and tell the document what they read.
HELD: dict[str, Any] = {
    "parameters": [
        {
            "name": "motcua-invitation",
            "in": "header",
            "required": True,
            "description": "The code on the slip or in the message.",
            "schema": {"type": "string", "maxLength": 100},
        }
    ]
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "description": "By question: a level from 1 to 5 or a number, an option's code, several, or words.",
                },
                "example": {"access_information": 4, "overall_expectation": 80, "overall_remark": "Thêm cây xanh."},
            }
        },
    }
}


class Unfit(Exception):
    """Answers that can't be taken: which question, and why."""

    def __init__(self, wrong: list[tuple[str, Text]]) -> None:
        super().__init__("unfit")
        self.wrong = wrong


@dataclass(frozen=True)
class Opened:
    """An invitation that may be answered now, with what it asks."""

    token: str
    stream: str
    number: int
    state: Invitation
    campaign: Campaign
    published: QuestionnairePublished


async def opened(service: Service, typed: str) -> Opened:
    """What this token opens. Raises Rejected: unknown, used, revoked, or over."""
    token = read_token(typed)
    if token is None:
        raise Rejected("invitation_unknown", inv.UNKNOWN)
    stream = invitation_stream(token)
    state, number = await service.state(invitation, stream)
    known = catalogue(service)
    campaign = await known.campaign(state.campaign) if state.campaign else Campaign()
    now = service.clock.now()
    invitation.decide(inv.Open(takes=campaign.takes(now, state.cell), at=now), state)
    return Opened(token, stream, number, state, campaign, await known.of(campaign))


async def kept(service: Service, found: Opened) -> dict[str, Any]:
    """What was put by, which is {} where nothing was."""
    box = await waiting.kept(service.pool, key_of_stream(found.stream))
    value = unseal(found.token, box) if box else None
    return value if isinstance(value, dict) else {}


async def put_by(service: Service, found: Opened, value: Mapping[str, Any]) -> None:
    """Keep a value until the invitation is used, or the campaign is long over (it may be extended)."""
    until = over_at(found.campaign.ends) + EXTENDED
    await waiting.keep(service.pool, key_of_stream(found.stream), seal(found.token, value), until)


async def begin(service: Service, found: Opened, actor: Actor = RESPONDENT) -> None:
    """Say that the questionnaire was opened, the first time."""
    if not found.state.opened:
        await service.do(invitation, found.stream, inv.Open(takes=True, at=service.clock.now()), actor=actor)


def check(found: Opened, answers: Mapping[str, Any], *, half: bool = False) -> None:
    """Raises Unfit."""
    if wrong := wrongs(found.published, found.state.cell, answers, half=half):
        raise Unfit(wrong)


async def send(
    service: Service,
    found: Opened,
    answers: Mapping[str, Any],
    *,
    way: Way = "online",
    actor: Actor = RESPONDENT,
    entered_by: tuple[str, ...] = (),
) -> None:
    """Take answers, once: the invitation is used and they wait, in one transaction. Raises Unfit, Rejected."""
    check(found, answers)
    campaign, cell, now = found.state.campaign, found.state.cell, service.clock.now()
    good = cleaned(found.published, cell, answers)
    held = Waiting(
        sealing.box_of(campaign, cell), await sealing.seal(service, campaign, cell, good), key_of_stream(found.stream)
    )
    use = inv.Use(way=way, takes=found.campaign.takes(now, cell), at=now, entered_by=entered_by)
    done = await service.do(invitation, found.stream, use, actor=actor, waiting=held)
    if not done.events:
        raise Rejected("invitation_used", inv.USED)


async def body_of(request: Request) -> dict[str, Any]:
    """The answers in a request. Raises 400 where it is no JSON object, 422 where it holds too many."""
    try:
        found = _answers.decode(await request.body())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise HTTPException(400) from None
    if len(found) > MOST_ANSWERS:
        raise HTTPException(422, Text("Quá nhiều câu trả lời.", "Too many answers."))
    return found


def refused(request: Request, error: Rejected | Unfit, said: str) -> Response:
    """The answer to who can't be served: what, where, and what to do."""
    if isinstance(error, Unfit):
        told = [
            {"where": code[:60], "what": getattr(text, said), "kind": "answer"}
            for code, text in error.wrong[: problems.MOST_FIELDS]
        ]
        return answer(request, 422, problems.of_fields((), said) | {"errors": told})
    status = STATUS.get(error.code, 409)
    told_ = problems.of_rejected(error, said) | {"status": status, "title": getattr(problems.title(status), said)}
    return answer(request, status, told_)


def _held(request: Request) -> str:
    return request.headers.get("motcua-invitation", "")


@router.get("/questionnaire", summary="The questionnaire of an invitation, and what was put by", openapi_extra=HELD)
async def get_questionnaire(request: Request) -> Response:
    """Asking changes nothing: an invitation counts as opened when its first answers are put by or sent."""
    service = here(request)
    try:
        found = await opened(service, _held(request))
    except Rejected as error:
        return refused(request, error, lang(request))
    published, plan = found.published, found.campaign.plan
    told = {
        "campaign": found.state.campaign,
        "title": plan.title if plan else published.title,
        "questionnaire": published.key,
        "edition": published.edition,
        "cell": found.state.cell[-1:],
        "ends": found.campaign.ends,
        "areas": published.areas,
        "questions": published.questions,
        "answers": (await kept(service, found)).get("answers", {}),
    }
    return Response(msgspec.json.encode(told), media_type="application/json", headers={"cache-control": "no-store"})


@router.put("/answers", summary="Put half-done answers by", openapi_extra=HELD | BODY, status_code=204)
async def put_answers(request: Request) -> Response:
    """They are sealed under the token: nobody else can read them. They replace those put by before."""
    service, answers = here(request), await body_of(request)
    try:
        found = await opened(service, _held(request))
        check(found, answers, half=True)
        await begin(service, found)
    except (Rejected, Unfit) as error:
        return refused(request, error, lang(request))
    await put_by(service, found, {**await kept(service, found), "answers": answers})
    return Response(status_code=204)


@router.post("/answers", summary="Send the answers, once", openapi_extra=HELD | BODY, status_code=201)
async def post_answers(request: Request) -> Response:
    """Answered when they are stored. A token is used once: whoever sends it again is told so (`invitation_used`)."""
    service, answers = here(request), await body_of(request)
    try:
        await send(service, await opened(service, _held(request)), answers)
    except (Rejected, Unfit) as error:
        return refused(request, error, lang(request))
    return Response(b'{"taken":true}', 201, media_type="application/json")
