"""A campaign: prepared, opened, closed, and its results frozen, once.

    planned ─▶ open ─▶ closed ─▶ frozen
       └─▶ cancelled

A yearly campaign needs a sample before it opens: a frame is imported, and a sample drawn from it, once. What closes a
campaign by itself is its last day; what freezes its results is that all answers were let go, that nobody waits for a
voiding to be settled, and that the time to look at them is over.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias
from uuid import UUID

from kernel.calendar import ZONE, local
from kernel.decider import Decider, Rejected, Text
from schemas.event import Event
from schemas.surveys import (
    AnswersVoided,
    AnswersWithheld,
    CampaignCancelled,
    CampaignClosed,
    CampaignExtended,
    CampaignOpened,
    CampaignPlanned,
    Chosen,
    Figure,
    FrameImported,
    ResultsFrozen,
    SampleDrawn,
    SchoolReplaced,
    VoidingProposed,
    VoidingRefused,
)
from services.surveys.domain import drawing, planning, voiding
from services.surveys.domain.drawing import Draw, ImportFrame, ReplaceSchool
from services.surveys.domain.planning import Plan
from services.surveys.domain.voiding import ApproveVoiding, ProposeVoiding, RefuseVoiding, Voiding

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Extend:
    """Let it go on until `ends`, included."""

    ends: dt.date
    reason: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Close:
    """Close it by hand, with a reason."""

    reason: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Say what became true by `now`: that its last day is over."""

    now: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancel:
    reason: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Withhold:
    """All answers are let go now, but for `count` (0: none) that were too few, and are deleted. Said again for those
    that were stored later than anybody waited. `campaign` is its own stream."""

    campaign: str
    count: int
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Freeze:
    """Keep the results. `digest` is that of the sheets that were counted; `counted_void` which were not."""

    method: str
    issued: int
    used: int
    sheets: int
    counted_void: frozenset[UUID]
    digest: str
    figures: tuple[Figure, ...]
    at: dt.datetime


Command: TypeAlias = (
    Plan
    | ImportFrame
    | Draw
    | ReplaceSchool
    | Open
    | Extend
    | Close
    | Notice
    | Cancel
    | Withhold
    | Freeze
    | ProposeVoiding
    | ApproveVoiding
    | RefuseVoiding
)

# State

Status: TypeAlias = Literal["none", "planned", "open", "closed", "frozen", "cancelled"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """What the next decision may depend on. `ends` is the last day after all extensions. `chosen` are the classes that
    take part now; `replaced` the schools that do not, by the one that does; `withheld` None until all answers that can
    be let go were."""

    status: Status = "none"
    plan: CampaignPlanned | None = None
    ends: dt.date = dt.date.min
    frame: FrameImported | None = None
    sample: SampleDrawn | None = None
    chosen: tuple[Chosen, ...] = ()
    replaced: Mapping[str, str] = field(default_factory=dict)
    withheld: int | None = None
    withheld_at: dt.datetime | None = None
    voidings: Mapping[UUID, Voiding] = field(default_factory=dict)
    results: ResultsFrozen | None = None

    def takes(self, at: dt.datetime, cell: tuple[str, ...] = ()) -> bool:
        """Are answers taken at this moment, of this cell? Its last day ends at midnight in Việt Nam, whenever that is
        noticed; a school that was replaced takes part no longer."""
        return self.status == "open" and local(at).date() <= self.ends and not set(cell[:1]) & self.replaced.keys()


initial = Campaign()


def over_at(ends: dt.date) -> dt.datetime:
    """The first moment after a last day."""
    return dt.datetime.combine(ends + dt.timedelta(days=1), dt.time(), ZONE).astimezone(dt.UTC)


# Decide


def decide(command: Command, state: Campaign) -> list[Event]:
    match command, state.status:
        case Plan(), "none" | "planned":
            return planning.decide(command, state)
        case Plan(), _:
            raise _too_late("already_open", state)
        case _, "none":
            raise Rejected("no_such_campaign", Text("Không có đợt khảo sát này.", "There is no such campaign."))

        case ((ImportFrame() | Draw() | ReplaceSchool()), "planned"):
            return drawing.decide(command, state)
        case ReplaceSchool(), "open":
            return drawing.decide(command, state)
        case Open(), "planned":
            return _opened(command, state)
        case Cancel(), "planned":
            return [CampaignCancelled(reason=command.reason, cancelled_at=command.at)]
        case Extend(), "open":
            return _extended(command, state)
        case Close(), "open":
            return [CampaignClosed(ground="by_hand", closed_at=command.at, reason=command.reason)]
        case Notice(now=now), "open":
            over = over_at(state.ends)
            return [CampaignClosed(ground="ended", closed_at=over)] if now >= over else []
        case Withhold(), "closed" if state.withheld is None or _came_late(command, state):
            return [AnswersWithheld(campaign=command.campaign, count=command.count, withheld_at=command.at)]
        case Freeze(), "closed":
            return _frozen(command, state)

        case ((ProposeVoiding() | ApproveVoiding() | RefuseVoiding()), "open" | "closed"):
            return voiding.decide(command, state.voidings)
        case ((ProposeVoiding() | ApproveVoiding() | RefuseVoiding()), _):
            return _void_too_late(command, state)

        case (Open(), "open") | (Close(), "closed" | "frozen") | (Cancel(), "cancelled") | (Freeze(), "frozen"):
            return []
        case ((Notice() | Withhold()), _):
            return []
        case ((ImportFrame() | Draw() | Open() | Cancel()), _):
            raise _too_late("already_open", state)
        case Freeze(), _:
            raise Rejected("not_closed", Text("Phải đóng đợt khảo sát trước.", "The campaign has to be closed first."))
        case _:
            raise _not_open(state)


def _opened(command: Open, state: Campaign) -> list[Event]:
    today, plan = local(command.at).date(), state.plan
    if plan and plan.kind == "yearly" and state.sample is None:
        raise Rejected(
            "no_sample",
            Text("Chưa rút mẫu.", "No sample was drawn yet."),
            instead=Text("Nhập khung mẫu và rút mẫu trước.", "Import a frame and draw first."),
        )
    if plan and not plan.starts <= today <= plan.ends:
        raise Rejected(
            "not_its_time",
            Text(
                "Hôm nay không nằm trong thời gian của đợt khảo sát.", "Today is not within the days of the campaign."
            ),
            instead=Text("Sửa ngày của đợt khảo sát rồi mở.", "Change its days, then open it."),
            starts=plan.starts,
            ends=plan.ends,
        )
    return [CampaignOpened(opened_at=command.at)]


def _extended(command: Extend, state: Campaign) -> list[Event]:
    if command.ends == state.ends:
        return []
    if command.ends < state.ends or command.ends < local(command.at).date():
        raise Rejected(
            "not_longer",
            Text("Ngày cuối mới phải sau ngày cuối cũ.", "The new last day has to be later than the old one."),
            instead=Text(
                "Muốn kết thúc sớm thì đóng đợt khảo sát, kèm lý do.", "To end it early close it, with a reason."
            ),
            ends=state.ends,
        )
    return [CampaignExtended(ends=command.ends, reason=command.reason, extended_at=command.at)]


def _came_late(command: Withhold, state: Campaign) -> bool:
    """Answers that were stored after the end was said; the same command again is not them."""
    return command.count > 0 and command.at != state.withheld_at


def _frozen(command: Freeze, state: Campaign) -> list[Event]:
    if state.withheld is None:
        raise Rejected(
            "answers_on_their_way",
            Text("Các phiếu cuối đang được công bố.", "The last answers are still being let go."),
            instead=Text("Thử lại sau ít phút.", "Try again in a few minutes."),
        )
    if waiting := voiding.open_voidings(state.voidings):
        raise Rejected(
            "voiding_open",
            Text(
                "Còn {count} đề nghị loại phiếu chưa được duyệt.",
                "{count} proposals to void answers wait for a decision.",
            ).of(count=len(waiting)),
            instead=Text("Duyệt hoặc từ chối các đề nghị đó trước.", "Approve or refuse them first."),
        )
    if command.counted_void != voiding.voided(state.voidings):
        raise Rejected(
            "voided_meanwhile",
            Text("Vừa có thêm phiếu bị loại.", "Answers were voided meanwhile."),
            instead=Text("Tính lại kết quả.", "Compute the results again."),
        )
    plan = state.plan
    return [
        ResultsFrozen(
            method=command.method,
            questionnaire=plan.questionnaire if plan else "",
            edition=plan.edition if plan else 0,
            issued=command.issued,
            used=command.used,
            sheets=command.sheets,
            void=len(command.counted_void),
            withheld=state.withheld,
            digest=command.digest,
            figures=command.figures,
            frozen_at=command.at,
        )
    ]


def _void_too_late(command: voiding.Command, state: Campaign) -> list[Event]:
    """Nothing where it was said before. Raises Rejected: what was frozen, or never begun, has nothing to void."""
    if command.voiding in state.voidings and not voiding.decide(command, state.voidings):
        return []
    if state.status == "frozen":
        raise Rejected(
            "frozen",
            Text(
                "Kết quả đã được chốt, không loại phiếu được nữa.",
                "The results are frozen; nothing is voided any more.",
            ),
        )
    raise _not_open(state)


def _too_late(code: str, state: Campaign) -> Rejected:
    if state.status == "cancelled":
        return Rejected("cancelled", Text("Đợt khảo sát đã bị hủy.", "The campaign was cancelled."))
    return Rejected(
        code,
        Text("Đợt khảo sát đã mở, không sửa được nữa.", "The campaign was opened; that can't change any more."),
        instead=Text("Có thể gia hạn hoặc đóng đợt khảo sát.", "It can be extended or closed."),
    )


def _not_open(state: Campaign) -> Rejected:
    return Rejected(
        "not_open", Text("Đợt khảo sát không ở trạng thái đang mở.", "The campaign is not open."), status=state.status
    )


# Evolve


def evolve(state: Campaign, event: Event) -> Campaign:
    match event:
        case CampaignPlanned():
            return replace(state, status="planned", plan=event, ends=event.ends)
        case FrameImported():
            return replace(state, frame=event, sample=None, chosen=(), replaced={})
        case SampleDrawn():
            return replace(state, sample=event, chosen=event.chosen, replaced={})
        case SchoolReplaced(school=school):
            kept = tuple(each for each in state.chosen if each.school != school)
            return replace(state, chosen=kept + event.chosen, replaced={**state.replaced, school: event.by})
        case CampaignOpened():
            return replace(state, status="open")
        case CampaignExtended():
            return replace(state, ends=event.ends)
        case CampaignClosed():
            return replace(state, status="closed")
        case CampaignCancelled():
            return replace(state, status="cancelled")
        case AnswersWithheld():
            return replace(state, withheld=(state.withheld or 0) + event.count, withheld_at=event.withheld_at)
        case ResultsFrozen():
            return replace(state, status="frozen", results=event)
        case VoidingProposed() | AnswersVoided() | VoidingRefused():
            return replace(state, voidings=voiding.evolve(state.voidings, event))
        case _:
            return state


campaign: Decider[Campaign] = Decider(
    "campaign",
    initial,
    decide,
    evolve,
    (
        CampaignPlanned,
        FrameImported,
        SampleDrawn,
        SchoolReplaced,
        CampaignOpened,
        CampaignExtended,
        CampaignClosed,
        CampaignCancelled,
        AnswersWithheld,
        ResultsFrozen,
        VoidingProposed,
        AnswersVoided,
        VoidingRefused,
    ),
)
