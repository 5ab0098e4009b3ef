"""Events as reporting hears them, made shortly; and a teller who says them to a service as Kafka would."""

import datetime as dt
from typing import Any
from uuid import UUID, uuid4, uuid5

import msgspec

from kernel import wire
from kernel.service import Service
from kernel.wire import Message
from schemas import intake
from schemas.event import Actor, Event, Meta, Personal, Recorded, encode
from schemas.intake import Promise, Terms, UnitFacts
from schemas.rules import Cited

ZONE = dt.timezone(dt.timedelta(hours=7))
DAY = dt.timedelta(days=1)
FIRST = dt.date(2026, 5, 4)
RULE = Cited(pack="2026", version="1", name="any", basis="NĐ 118/2025/NĐ-CP")
SECRET: Personal[Any] = Personal(subject=UUID(int=1), sealed=b"sealed")
SCHOOL, OTHER, CENTRE = "thpt-suoi-hoa", "thpt-ban-mai", "trung-tam"
TRANSFER, COPIES = "2.002854", "3.000465"


def at(day: int, hour: int = 9) -> dt.datetime:
    """So many days after Monday 4/5/2026, at this hour in Việt Nam."""
    return dt.datetime.combine(FIRST + day * DAY, dt.time(hour), ZONE)


def stream(name: str, kind: str = "application") -> str:
    return f"{kind}-{uuid5(UUID(int=5), name)}"


def promise(received: dt.datetime) -> Promise:
    return Promise(
        due_at=received + 5 * DAY,
        amount=5,
        unit="working_days",
        counted_from=received.date(),
        cut_off="15:00",
        calendar="2026",
        rule=RULE,
    )


def submitted(when: dt.datetime, **other: Any) -> Event:
    given = {
        "procedure": TRANSFER,
        "procedure_name": "Chuyển trường",
        "terms_from": FIRST,
        "received_by": CENTRE,
        "decided_by": SCHOOL,
        "channel": "online",
        "submitted_at": when,
        "applicant": SECRET,
        "rule": RULE,
    }
    return intake.ApplicationSubmitted(**(given | other))


def received(when: dt.datetime, **other: Any) -> Event:
    given = {
        "code": f"H99.2-{when:%y%m%d}-0001",
        "procedure": TRANSFER,
        "procedure_name": "Chuyển trường",
        "level": "upper_secondary",
        "field": "Giáo dục trung học",
        "authority": "school",
        "terms_from": FIRST,
        "received_by": CENTRE,
        "decided_by": SCHOOL,
        "channel": "online",
        "received_at": when,
        "promise": promise(when),
        "supplement_by": when + 3 * DAY,
        "subject": UUID(int=1),
        "rule": RULE,
    }
    return intake.ApplicationReceived(**(given | other))


def imported(when: dt.datetime, **other: Any) -> Event:
    given = {
        "system": "old",
        "key": "1",
        "code": "000.00.02.H99-260420-0007",
        "procedure": TRANSFER,
        "procedure_name": "Chuyển trường",
        "level": "upper_secondary",
        "field": "",
        "authority": "school",
        "terms_from": FIRST,
        "received_by": CENTRE,
        "decided_by": SCHOOL,
        "channel": "desk",
        "status": "in_process",
        "received_at": when,
        "imported_at": when + 9 * DAY,
        "promise": promise(when),
        "applicant": SECRET,
        "rule": RULE,
    }
    return intake.ApplicationImported(**(given | other))


def _about(cls: type[Any]) -> Any:
    """A short maker of an event about a dossier that the school decides and the centre received."""

    def make(**given: Any) -> Event:
        return cls(**({"received_by": CENTRE, "decided_by": SCHOOL} | given))  # type: ignore[no-any-return]

    return make


_not_accepted = _about(intake.ApplicationNotAccepted)
_resolved = _about(intake.ApplicationResolved)
_stopped = _about(intake.ApplicationStopped)
_withdrawn = _about(intake.ApplicationWithdrawn)
_corrected = _about(intake.ApplicationCorrected)
_handed_over = _about(intake.ResultHandedOver)
_asked = _about(intake.SupplementAsked)
_supplied = _about(intake.SupplementSupplied)


def not_accepted(when: dt.datetime, **other: Any) -> Event:
    given = {"procedure": TRANSFER, "not_accepted_at": when, "ground": "incomplete", "reason": SECRET, "rule": RULE}
    return _not_accepted(**(given | other))  # type: ignore[no-any-return]


def resolved(when: dt.datetime, outcome: str = "granted", **other: Any) -> Event:
    return _resolved(**({"procedure": TRANSFER, "resolved_at": when, "outcome": outcome} | other))  # type: ignore[no-any-return]


def stopped(when: dt.datetime, **other: Any) -> Event:
    return _stopped(**({"stopped_at": when, "ground": "citizens_wish"} | other))  # type: ignore[no-any-return]


def withdrawn(when: dt.datetime, **other: Any) -> Event:
    return _withdrawn(withdrawn_at=when, **other)  # type: ignore[no-any-return]


def handed_over(when: dt.datetime, **other: Any) -> Event:
    return _handed_over(handed_over_at=when, way="desk", **other)  # type: ignore[no-any-return]


def asked(when: dt.datetime, **other: Any) -> Event:
    given = {"request": UUID(int=2), "asked_at": when, "items": 1, "wanted": SECRET, "reason": SECRET, "rule": RULE}
    return _asked(**(given | other))  # type: ignore[no-any-return]


def supplied(when: dt.datetime, **other: Any) -> Event:
    given = {"request": UUID(int=2), "supplied_at": when, "complete": True, "promise": promise(when)}
    return _supplied(**(given | other))  # type: ignore[no-any-return]


def corrected(when: dt.datetime, **other: Any) -> Event:
    given = {
        "correction": uuid4(),
        "corrected_at": when,
        "fields": ("channel",),
        "changes": SECRET,
        "reason": SECRET,
    }
    return _corrected(**(given | other))  # type: ignore[no-any-return]


def passed_on(when: dt.datetime, to: str, was: str = SCHOOL) -> Event:
    return intake.ApplicationPassedOn(
        received_by=CENTRE,
        decided_by=to,
        was_received_by=CENTRE,
        was_decided_by=was,
        passed_on_at=when,
        reason="sáp nhập",
    )


def visit(when: dt.datetime, *, paper: bool = False, unit: str = SCHOOL, procedure: str = TRANSFER) -> Event:
    guidance = intake.Guidance(to=(), online=True, assisted=True, vi="Mời đến Trung tâm.", en="Please go there.")
    given = {"unit": unit, "procedure": procedure, "channel": "desk", "came_at": when, "guidance": guidance}
    if paper:
        return intake.PaperRefused(level=4, rule=RULE, **given)  # type: ignore[arg-type]
    return intake.VisitorGuided(rule=RULE, **given)  # type: ignore[arg-type]


def opened(unit: str, name: str, since: dt.date = FIRST) -> Event:
    return intake.UnitOpened(unit=unit, effective_from=since, facts=UnitFacts(name=name, kind="school"))


def renamed(unit: str, name: str, since: dt.date) -> Event:
    facts = UnitFacts(name=name, kind="school")
    return intake.UnitChanged(unit=unit, effective_from=since, facts=facts, changed=("name",))


def procedure(id: str, name: str, since: dt.date = FIRST) -> Event:
    return intake.ProcedureListed(procedure=id, effective_from=since, terms=Terms(name_vi=name, online_level=4))


def catalogue() -> list[tuple[str, Event]]:
    """The units and procedures that the others speak of."""
    return [
        (stream(SCHOOL, "unit"), opened(SCHOOL, "THPT Suối Hoa")),
        (stream(OTHER, "unit"), opened(OTHER, "THPT Bản Mai")),
        (stream(CENTRE, "unit"), opened(CENTRE, "Trung tâm Phục vụ hành chính công")),
        (stream(TRANSFER, "procedure"), procedure(TRANSFER, "Chuyển trường, tiếp nhận học sinh")),
        (stream(COPIES, "procedure"), procedure(COPIES, "Cấp bản sao văn bằng từ sổ gốc")),
    ]


def recorded(of: str, event: Event, number: int = 1, position: int = 1) -> Recorded:
    meta = Meta(actor=Actor(id="officer", roles=("desk_officer",)), happened_at=at(0), recorded_at=at(0))
    return Recorded(id=uuid4(), stream=of, number=number, meta=meta, event=event, position=position)


class Teller:
    """Says events to a service, each once and in order, as one partition of a topic: intake's, where none is named."""

    def __init__(self, service: Service, by: str = "intake") -> None:
        self.service, self.topic = service, service.settings.topic(by)
        self.told: list[Message] = []
        self._numbers: dict[str, int] = {}

    async def tell(self, *events: tuple[str, Event]) -> None:
        messages = [self._message(of, event) for of, event in events]
        self.told += messages
        await self.service.hear(self.topic, 0, messages)

    async def again(self) -> None:
        """All of it once more, as after a lost acknowledgement."""
        late = [Message(len(self.told) + n, each.headers, each.value) for n, each in enumerate(self.told)]
        await self.service.hear(self.topic, 0, late)

    def _message(self, of: str, event: Event) -> Message:
        number = self._numbers[of] = self._numbers.get(of, 0) + 1
        position = sum(self._numbers.values())
        line = recorded(of, event, number)
        row = {
            "position": position,
            "id": line.id,
            "stream": of,
            "number": number,
            "type": event.type,
            "version": event.version,
            "meta": msgspec.json.encode(line.meta),
        }
        return Message(position - 1, dict(wire.headers(b"/motcua/intake", 1, row)), encode(event))
