"""The sample of a yearly campaign: a frame, one draw from it, and schools that can't take part replaced by the next of
their reserve."""

import datetime as dt
from dataclasses import dataclass
from typing import TypeAlias

from kernel.decider import Rejected, Text
from schemas.event import Event
from schemas.surveys import (
    Chosen,
    Design,
    FrameImported,
    FrameSchool,
    Reserve,
    SampleDrawn,
    SchoolReplaced,
    StratumPlan,
)
from services.surveys.domain.planning import Prepared


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


Command: TypeAlias = ImportFrame | Draw | ReplaceSchool


def next_reserve(state: Prepared, stratum: str) -> str:
    """The school that would replace one of this stratum; "" where none is left."""
    reserves = state.sample.reserves if state.sample else ()
    used = {*state.replaced.values(), *state.replaced}
    return next((s for each in reserves if each.stratum == stratum for s in each.schools if s not in used), "")


def decide(command: Command, state: Prepared) -> list[Event]:
    match command:
        case ImportFrame():
            return _frame(command, state)
        case Draw():
            return _drawn(command, state)
        case ReplaceSchool():
            return _replaced(command, state)


def _frame(command: ImportFrame, state: Prepared) -> list[Event]:
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


def _drawn(command: Draw, state: Prepared) -> list[Event]:
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


def _replaced(command: ReplaceSchool, state: Prepared) -> list[Event]:
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
