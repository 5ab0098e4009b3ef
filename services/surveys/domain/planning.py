"""How a campaign is prepared: what it asks whom, and when; changed until it is open."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from kernel.decider import Rejected, Text
from schemas.event import Event
from schemas.surveys import CampaignPlanned, Chosen, FrameImported, Group, Kind, SampleDrawn, Wording

LEAST_BATCH = 5
"""Fewer answers let go together would tell whose they are."""


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


class Prepared(Protocol):
    """What of a campaign's state its preparation depends on."""

    @property
    def plan(self) -> CampaignPlanned | None: ...
    @property
    def frame(self) -> FrameImported | None: ...
    @property
    def sample(self) -> SampleDrawn | None: ...
    @property
    def chosen(self) -> tuple[Chosen, ...]: ...
    @property
    def replaced(self) -> Mapping[str, str]: ...


def decide(command: Plan, state: Prepared) -> list[Event]:
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
