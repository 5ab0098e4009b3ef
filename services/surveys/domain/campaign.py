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

import msgspec

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
    Design,
    Figure,
    FrameImported,
    FrameSchool,
    Group,
    Kind,
    Reserve,
    ResultsFrozen,
    SampleDrawn,
    SchoolReplaced,
    StratumPlan,
    VoidingProposed,
    VoidingRefused,
    Wording,
)
from services.surveys.domain import voiding
from services.surveys.domain.voiding import ApproveVoiding, ProposeVoiding, RefuseVoiding, Voiding

LEAST_BATCH = 5
"""Fewer answers let go together would tell whose they are."""

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Prepare it, or change how it is prepared. `campaign` is its own stream. That the questionnaire has this edition
    and asks this group is looked up before."""

    campaign: str
    kind: Kind
    title: Wording
    group: Group
    questionnaire: str
    edition: int
    starts: dt.date
    ends: dt.date
    batch: int
    unit: str
    at: dt.datetime
    remind_after: tuple[int, ...] = ()
    target: int = 0
    previous: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportFrame:
    """Take this list of schools and classes. `digest` is that of its canonical form."""

    schools: tuple[FrameSchool, ...]
    digest: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Draw:
    """Keep this sample. `digest` is that of the frame it was drawn from: another frame is another draw."""

    design: Design
    digest: str
    seed: str
    method: str
    strata: tuple[StratumPlan, ...]
    chosen: tuple[Chosen, ...]
    reserves: tuple[Reserve, ...]
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplaceSchool:
    """Let `by`, the next of the reserve ("": there is none), take part in the place of `school`."""

    school: str
    by: str
    chosen: tuple[Chosen, ...]
    reason: str
    at: dt.datetime


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
    """All answers are let go now, but for `count` (0: none) that were too few, and are deleted. `campaign` is its own
    stream."""

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
    voidings: Mapping[UUID, Voiding] = field(default_factory=dict)
    results: ResultsFrozen | None = None

    def takes(self, at: dt.datetime) -> bool:
        """Are answers taken at this moment? Its last day ends at midnight in Việt Nam, whenever that is noticed."""
        return self.status == "open" and local(at).date() <= self.ends


initial = Campaign()


def over_at(ends: dt.date) -> dt.datetime:
    """The first moment after a last day."""
    return dt.datetime.combine(ends + dt.timedelta(days=1), dt.time(), ZONE).astimezone(dt.UTC)


def next_reserve(state: Campaign, stratum: str) -> str:
    """The school that would replace one of this stratum; "" where none is left."""
    reserves = state.sample.reserves if state.sample else ()
    used = {*state.replaced.values(), *state.replaced}
    return next((s for each in reserves if each.stratum == stratum for s in each.schools if s not in used), "")


# Decide


def decide(command: Command, state: Campaign) -> list[Event]:
    match command, state.status:
        case Plan(), "none" | "planned":
            return _planned(command, state)
        case Plan(), _:
            raise _too_late("already_open", state)
        case _, "none":
            raise Rejected("no_such_campaign", Text("Không có đợt khảo sát này.", "There is no such campaign."))

        case ImportFrame(), "planned":
            return _frame(command, state)
        case Draw(), "planned":
            return _drawn(command, state)
        case ReplaceSchool(), "planned" | "open":
            return _replaced(command, state)
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
        case Withhold(), "closed" if state.withheld is None:
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


def _planned(command: Plan, state: Campaign) -> list[Event]:
    _check_plan(command)
    said = CampaignPlanned(
        kind=command.kind,
        title=command.title,
        group=command.group,
        questionnaire=command.questionnaire,
        edition=command.edition,
        starts=command.starts,
        ends=command.ends,
        batch=command.batch,
        unit=command.unit,
        planned_at=state.plan.planned_at if state.plan else command.at,
        remind_after=command.remind_after,
        target=command.target,
        previous=command.previous,
    )
    if state.plan == said:
        return []
    if state.frame and state.plan and (said.kind, said.group) != (state.plan.kind, state.plan.group):
        raise Rejected(
            "frame_is_for_others",
            Text(
                "Khung mẫu đã nhập là của nhóm đối tượng khác; không đổi loại hay nhóm được nữa.",
                "The frame that was imported counts another group; kind and group can't change any more.",
            ),
            instead=Text("Hủy đợt này và lập đợt mới.", "Cancel this campaign and plan a new one."),
        )
    if state.sample and state.plan and said.target != state.plan.target:
        raise Rejected(
            "drawn_already",
            Text("Mẫu đã rút theo mục tiêu cũ; không đổi mục tiêu được nữa.", "The sample was drawn for this target."),
        )
    return [msgspec.structs.replace(said, planned_at=command.at)]


def _check_plan(command: Plan) -> None:
    """Raises Rejected for a plan that could not be carried out."""
    if command.ends < command.starts:
        raise Rejected(
            "ends_before_it_starts",
            Text("Ngày cuối phải từ ngày đầu trở đi.", "The last day is before the first."),
            instead=Text("Sửa lại ngày đầu hoặc ngày cuối.", "Correct one of the two days."),
        )
    if command.batch < LEAST_BATCH:
        raise Rejected(
            "batch_too_small",
            Text(
                "Mỗi lần phải công bố ít nhất {least} phiếu cùng nhau, để không ai bị nhận ra.",
                "At least {least} answers are let go together, so that nobody can be told.",
            ).of(least=LEAST_BATCH),
            least=LEAST_BATCH,
        )
    if (command.kind == "standing") != (command.group == "applicant"):
        raise Rejected(
            "group_does_not_fit",
            Text(
                "Khảo sát thường xuyên hỏi người nộp hồ sơ; khảo sát hằng năm hỏi học sinh hoặc cha mẹ học sinh.",
                "A standing campaign asks applicants, a yearly one pupils or parents.",
            ),
        )
    if list(command.remind_after) != sorted(set(command.remind_after)) or min(command.remind_after, default=1) < 1:
        raise Rejected(
            "reminders_out_of_order",
            Text("Các ngày nhắc phải lớn hơn 0 và tăng dần.", "Reminders come after days above 0, in ascending order."),
        )
    if command.target < 0:
        raise Rejected("target_below_zero", Text("Mục tiêu không được âm.", "The target can't be below zero."))
    if command.previous == command.campaign:
        raise Rejected(
            "compared_with_itself",
            Text("Không thể so sánh đợt khảo sát với chính nó.", "A campaign can't be held against itself."),
        )


def _frame(command: ImportFrame, state: Campaign) -> list[Event]:
    if state.frame and state.frame.digest == command.digest:
        return []
    if state.sample:
        raise Rejected(
            "drawn_already",
            Text(
                "Mẫu đã được rút từ khung trước; không thay khung được nữa, để không ai rút lại cho đến khi vừa ý.",
                "A sample was drawn from the earlier frame; it can't be changed any more, so that nobody draws again"
                " until it pleases.",
            ),
            instead=Text("Hủy đợt này và lập đợt mới.", "Cancel this campaign and plan a new one."),
        )
    if state.plan and state.plan.kind != "yearly":
        raise Rejected(
            "no_frame_wanted",
            Text("Khảo sát thường xuyên không rút mẫu.", "A standing campaign draws no sample."),
        )
    if not command.schools:
        raise Rejected("frame_is_empty", Text("Khung mẫu không có trường nào.", "The frame has no school."))
    return [FrameImported(schools=command.schools, digest=command.digest, imported_at=command.at)]


def _drawn(command: Draw, state: Campaign) -> list[Event]:
    if state.sample:
        if state.sample.seed == command.seed:
            return []
        raise Rejected(
            "drawn_already",
            Text("Mẫu đã được rút một lần; không rút lại.", "The sample was drawn, once; it is not drawn again."),
            instead=Text(
                "Dùng mẫu đã rút; trường không tham gia được thì thay bằng trường dự phòng.",
                "Use that sample; a school that can't take part is replaced from the reserve.",
            ),
            drawn_at=state.sample.drawn_at,
        )
    if state.frame is None:
        raise Rejected(
            "no_frame",
            Text("Chưa có khung mẫu.", "There is no frame yet."),
            instead=Text("Nhập danh sách trường và lớp trước.", "Import the list of schools and classes first."),
        )
    if state.frame.digest != command.digest:
        raise Rejected(
            "frame_changed",
            Text("Khung mẫu vừa được thay đổi.", "The frame was changed meanwhile."),
            instead=Text("Tải lại trang rồi rút mẫu.", "Reload the page, then draw."),
        )
    if not command.chosen:
        raise Rejected("nobody_drawn", Text("Không rút được lớp nào.", "No class was drawn."))
    return [
        SampleDrawn(
            design=command.design,
            digest=command.digest,
            seed=command.seed,
            method=command.method,
            strata=command.strata,
            chosen=command.chosen,
            reserves=command.reserves,
            drawn_at=command.at,
        )
    ]


def _replaced(command: ReplaceSchool, state: Campaign) -> list[Event]:
    if command.school in state.replaced:
        return []
    stratum = next((each.stratum for each in state.chosen if each.school == command.school), None)
    if stratum is None:
        raise Rejected("not_drawn", Text("Trường này không có trong mẫu.", "This school is not in the sample."))
    following = next_reserve(state, stratum)
    strangers = [each for each in command.chosen if each.school != following or each.stratum != stratum]
    if command.by != following or strangers or bool(command.chosen) != bool(following):
        raise Rejected(
            "not_the_next",
            Text("Trường dự phòng kế tiếp là trường khác.", "Another school is the next of the reserve."),
            instead=Text("Tải lại trang rồi thử lại.", "Reload the page and try again."),
            next=following,
        )
    return [
        SchoolReplaced(
            school=command.school,
            by=following,
            stratum=stratum,
            chosen=command.chosen,
            reason=command.reason,
            replaced_at=command.at,
        )
    ]


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
            return replace(state, withheld=event.count)
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
