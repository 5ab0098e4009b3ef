"""The whole of transfers in memory: its deciders and its policy, with a small intake and a small exchange beside them.

Each stream is heard in its own order; between streams any order comes. Hearing is as the kernel does it: the place of a
stream moves in the transaction of its answers, so what is delivered again is dropped by its place.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from kernel.decider import Decider, Rejected, fold
from schemas.deadlines import LegOverdue, LegStarted
from schemas.event import Actor, Event, Meta, Personal, Recorded
from schemas.intake import (
    ApplicationReceived,
    ApplicationResolved,
    ApplicationStopped,
    ApplicationSubmitted,
    ApplicationWithdrawn,
)
from schemas.people import Person
from schemas.transfers import (
    Consultation,
    ConsultationIssued,
    DocumentQueued,
    Facts,
    OpinionGiven,
    Reply,
    TransferDecided,
)
from services.transfers.domain import commands as case
from services.transfers.domain import document as letter
from services.transfers.domain import opinion as side
from services.transfers.domain import place
from services.transfers.domain.case import Transfer
from services.transfers.domain.dossier import (
    NAMESPACE,
    class_stream,
    opinion_stream,
    pupil_stream,
    transfer_stream,
)
from services.transfers.domain.place import Places
from services.transfers.domain.pupil import Pupil
from services.transfers.policy import policy
from transfers.samples import CODE, DECIDERS, DEPARTMENT, FROM, KNOWN, TO, at

BY_NAME: dict[str, Decider[Any]] = {each.name: each for each in DECIDERS}
PUPILS = (UUID(int=21), UUID(int=22), UUID(int=23))
CLASSES = {(school, name): class_stream(school, 2026, 10, name) for school in (FROM, TO) for name in ("10A1", "10A2")}
ENDED = {"refused", "completed", "closed"}
NOW = at(24)


class World:
    def __init__(self, places: tuple[int, int] = (1, 2)) -> None:
        self.streams: dict[str, list[Event]] = defaultdict(list)
        self.heard: dict[str, int] = defaultdict(int)
        self.intake: dict[str, str] = {}
        for (school, name), id in CLASSES.items():
            count = places[0] if name == "10A1" else places[1]
            opened = place.OpenClass(school=school, year=2026, grade=10, name=name, places=count, at=at(1))
            self.do(id, opened)

    # What a stream is

    def state(self, stream: str) -> Any:
        decider = BY_NAME[stream.partition("-")[0]]
        return fold(decider, self.streams[stream])

    def case(self, application: str) -> Transfer:
        return self.state(transfer_stream(application))  # type: ignore[no-any-return]

    @property
    def cases(self) -> dict[str, Transfer]:
        return {each: self.case(each) for each in self.intake}

    @property
    def classes(self) -> dict[str, Places]:
        return {each: self.state(each) for each in self.streams if each.startswith("class-")}

    @property
    def pupils(self) -> dict[str, Pupil]:
        return {each: self.state(each) for each in self.streams if each.startswith("pupil-")}

    # Commands

    def do(self, stream: str, command: Any) -> list[Event]:
        """As a person: a refusal changes nothing."""
        try:
            return self.answer(stream, command)
        except Rejected:
            return []

    def answer(self, stream: str, command: Any) -> list[Event]:
        """As the policy: a refusal would park, so it is an error."""
        decider = BY_NAME[stream.partition("-")[0]]
        events = list(decider.decide(command, self.state(stream)))
        self.streams[stream] += events
        return events

    # Hearing

    def waiting(self) -> list[str]:
        return sorted(each for each, events in self.streams.items() if self.heard[each] < len(events))

    def hear(self, stream: str, *, twice: bool = False) -> None:
        """The next event of a stream. `twice`: its answers are given again at once, and come to nothing."""
        at_ = self.heard[stream]
        event = self.streams[stream][at_]
        recorded = _recorded(stream, at_ + 1, event)
        react = policy.get(type(event))
        answers = react(recorded, KNOWN) if react else ()
        for each in answers:
            self.answer(each.stream, each.command)
        if twice:
            for each in answers:
                assert self.answer(each.stream, each.command) == [], each
        self.heard[stream] = at_ + 1
        if isinstance(event, TransferDecided) and self.intake[event.application] == "received":
            self._resolve(event.application, event.outcome, event.decided_at)

    def crash(self, stream: str) -> None:
        """A worker dies while it hears: nothing of its transaction is there, and older messages are delivered anew."""
        before = {each: list(events) for each, events in self.streams.items()}
        heard, intake = dict(self.heard), dict(self.intake)
        self.hear(stream)
        self.streams = defaultdict(list, before)
        self.heard, self.intake = defaultdict(int, heard), intake

    def hear_of(self, application: str, *, classes: bool = True) -> None:
        """All that is said of one case, and of its class where `classes`."""
        for _ in range(1_000):
            state = self.case(application)
            mine = {application, transfer_stream(application), pupil_stream(state.pupil)}
            mine |= {state.to_class} if classes else set()
            waiting = [each for each in self.waiting() if each in mine]
            if not waiting:
                return
            self.hear(waiting[0])
        raise AssertionError("the queue of messages never ends")

    def drain(self) -> None:
        """Until nothing is left to hear."""
        for _ in range(10_000):
            waiting = self.waiting()
            if not waiting:
                return
            self.hear(waiting[0])
        raise AssertionError("the queue of messages never ends")

    # The world outside

    def submit(self, who: UUID, facts: dict[str, Any], minute: int) -> str:
        application = f"application-{uuid5(NAMESPACE, f'dossier {len(self.intake)}')}"
        person = Person(name="Lò Văn Minh")
        event = ApplicationSubmitted(
            procedure="2.002854",
            procedure_name="Chuyển trường",
            terms_from=dt.date(2026, 5, 10),
            received_by=TO,
            decided_by=TO,
            channel="online",
            submitted_at=at(23, 20, minute),
            applicant=Personal(subject=UUID(int=99), clear=person),
            rule=KNOWN.rules(NOW.date()).cited["steps"],
            answers=facts,
            concerns=Personal(subject=who, clear=person),
        )
        self.intake[application] = "submitted"
        self.streams[application].append(event)
        return application

    def receive(self, application: str) -> None:
        if self.intake[application] != "submitted":
            return
        self.intake[application] = "received"
        event = ApplicationReceived(
            code=CODE,
            procedure="2.002854",
            procedure_name="Chuyển trường",
            level="upper_secondary",
            field="",
            authority="school",
            terms_from=dt.date(2026, 5, 10),
            received_by=TO,
            decided_by=TO,
            channel="online",
            received_at=NOW,
            promise=None,  # type: ignore[arg-type]
            supplement_by=NOW,
            subject=UUID(int=99),
            rule=KNOWN.rules(NOW.date()).cited["steps"],
        )
        self.streams[application].append(event)

    def end(self, application: str, how: str) -> None:
        """The dossier is withdrawn, stopped, or answered by hand, where intake still allows it."""
        if self.intake[application] not in {"submitted", "received"}:
            return
        where: dict[str, Any] = {"received_by": TO, "decided_by": TO}
        match how:
            case "withdrawn":
                event: Event = ApplicationWithdrawn(**where, withdrawn_at=NOW)
            case "stopped":
                event = ApplicationStopped(**where, stopped_at=NOW, ground="citizens_wish")
            case _:
                self._resolve(application, "refused", NOW)
                self.intake[application] = how
                return
        self.intake[application] = how
        self.streams[application].append(event)

    def _resolve(self, application: str, outcome: Any, at: dt.datetime) -> None:
        self.intake[application] = "ended"
        resolved = ApplicationResolved(
            procedure="2.002854", received_by=TO, decided_by=TO, resolved_at=at, outcome=outcome
        )
        self.streams[application].append(resolved)

    def issue(self, application: str) -> None:
        stream = transfer_stream(application)
        text = Personal(subject=PUPILS[0], clear=Consultation(subject="Xin ý kiến", text="Kính gửi"))
        number = f"{len(self.streams[stream])}/THPT"
        issued = case.IssueConsultation(number=number, to_unit=DEPARTMENT, text=text, at=NOW, by="head")
        self.do(stream, issued)

    def send(self, application: str) -> None:
        """The errand: what is queued goes out, arrives at the other side, perhaps again."""
        for stream in [each for each in self.streams if each.startswith("document-")]:
            queued: Any = self.streams[stream][0]
            if not isinstance(queued, DocumentQueued) or queued.application != application:
                continue
            self.answer(stream, letter.MarkSent(at=NOW))
            self._arrive(queued)
            self.answer(stream, letter.NoteStatus(code="01", said_at=NOW, at=NOW))

    def _arrive(self, queued: DocumentQueued) -> None:
        source = self.streams[queued.source]
        if queued.kind == "consultation":
            issued = next(each for each in source if isinstance(each, ConsultationIssued))
            asked = side.Ask(
                document=queued.document,
                application=queued.application,
                from_unit=queued.from_unit,
                to_unit=queued.to_unit,
                number=queued.number,
                pupil=issued.text.subject,
                text=issued.text,
                at=NOW,
            )
            self.answer(opinion_stream(queued.document), asked)
        else:
            given = next(each for each in source if isinstance(each, OpinionGiven))
            reply = case.HearReply(
                document=given.document,
                reply=given.reply,
                number=given.number,
                opinion=given.opinion,
                text=given.text,
                at=NOW,
            )
            self.answer(transfer_stream(queued.application), reply)

    def opine(self, application: str, opinion_: Any) -> None:
        state = self.case(application)
        if state.document is None:
            return
        text = Personal(subject=state.pupil, clear=Reply(text="Ý kiến của Sở"))
        given = side.Give(opinion=opinion_, number="9/SGDĐT", text=text, at=NOW, by="director", position="", head=True)
        self.do(opinion_stream(state.document), given)

    def count(self, application: str, step: str, *, late: bool) -> None:
        """The deadlines service counted until when a step is due, or says that it is late."""
        transfer_ = transfer_stream(application)
        said: dict[str, Any] = {
            "transfer": transfer_,
            "application": application,
            "step": step,
            "turn": 1,
            "unit": TO,
            "due_at": at(31, 17),
        }
        rule = KNOWN.rules(NOW.date()).cited["steps"]
        event: Event = (
            LegOverdue(**said, became_at=at(31, 17), noticed_at=at(31, 18))
            if late
            else LegStarted(**said, days=5, started_at=NOW, calendar="2026", rule=rule)
        )
        self.streams[f"clock-{transfer_}"].append(event)

    def look_into(self, application: str, *, there: bool) -> None:
        """An officer looks into where a pupil is who is known elsewhere."""
        said: dict[str, Any] = {"reason": Personal(subject=PUPILS[0], clear="Đã xác minh"), "at": NOW, "by": "officer"}
        command = case.ConfirmSchool(**said) if there else case.TurnAway(known=KNOWN, **said)
        self.do(transfer_stream(application), command)

    def correct(self, application: str, **changes: Any) -> None:
        """An officer puts the facts right."""
        state = self.case(application)
        if state.facts is None:
            return
        reason = Personal(subject=PUPILS[0], clear="Nhập nhầm")
        put_right = replace(state.facts, **changes)
        said = case.CorrectFacts(known=KNOWN, facts=put_right, reason=reason, at=NOW, by="officer")
        self.do(transfer_stream(application), said)

    # To the end: everybody does what waits for them

    def finish(self, *, consents: bool = True) -> None:
        for application in self.intake:
            self.receive(application)
        self.drain()
        for _ in range(50):
            open_cases = [each for each, state in self.cases.items() if state.phase not in ENDED]
            if not open_cases:
                return
            for each in open_cases:
                self.go_on(each, consents=consents)
                self.drain()
        raise AssertionError("a case does not end")

    def go_on(self, application: str, *, consents: bool) -> None:
        """Whoever has an open step of this case does it; for want of a place the head refuses."""
        stream, state = transfer_stream(application), self.case(application)
        if state.elsewhere is not None:
            self.look_into(application, there=consents)
        for run in [each for each in state.runs if each.outcome is None]:
            note = Personal(subject=state.pupil, clear="Không đủ điều kiện")
            said = {"step": run.step, "turn": run.turn, "at": NOW, "by": "head"}
            if run.step == "consult":
                self.issue(application)
                self.drain()
                self.send(application)
                self.opine(application, "approved" if consents else "refused")
                self.drain()
                self.send(application)
            elif run.step in {"records", "placement"}:
                self.do(stream, case.EndStep(**said, outcome="done"))  # type: ignore[arg-type]
            elif consents and (run.step != "accept" or state.held or not state.to_class):
                self.do(stream, case.EndStep(**said, outcome="consented", unmanaged=not state.to_class))  # type: ignore[arg-type]
            else:
                self.do(stream, case.EndStep(**said, outcome="refused", note=note))  # type: ignore[arg-type]


def facts(**changes: Any) -> dict[str, Any]:
    """Answers of the form, as intake says them."""
    said = {"from_school": FROM, "to_school": TO, "to_class": "10A1", "grade": 10, **changes}
    Facts(**said)
    return said


def _recorded(stream: str, number: int, event: Event) -> Recorded:
    meta = Meta(actor=Actor(id="system", roles=()), happened_at=NOW, recorded_at=NOW)
    return Recorded(id=uuid5(NAMESPACE, f"{stream} {number}"), stream=stream, number=number, meta=meta, event=event)
