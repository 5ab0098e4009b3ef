"""A visit that did not become a dossier there and then: the visitor was guided elsewhere, or their papers were refused
because the procedure is taken online only. Both are counted, and a dossier submitted afterwards may name the visit.
"""

import datetime as dt
from dataclasses import dataclass, replace

from kernel.decider import Decider, Rejected, Text
from schemas.event import Event
from schemas.intake import Channel, Guidance, PaperRefused, Terms, UnitKind, VisitorGuided
from schemas.people import Place
from services.intake.domain.rules import Admitted, OnlineRequired, Rules, WrongPlace, admission, online_level
from services.intake.domain.when import When, check_when

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Guide:
    """Tell a visitor with a dossier for `procedure` where to go instead. `places` are the offices of the kinds that
    receive it (`rules.receiving`), nearest first."""

    when: When
    unit: str
    place_kind: UnitKind
    procedure: str
    terms: Terms
    rules: Rules
    channel: Channel
    places: tuple[Place, ...]


# State


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    came_at: dt.datetime | None = None


initial = Visit()


def decide(command: Guide, state: Visit) -> list[Event]:
    if state.came_at is not None:
        return []
    check_when(command.when)
    rules, terms = command.rules, command.terms
    match admission(rules, terms, command.place_kind, command.channel):
        case WrongPlace(rule=rule):
            return [
                VisitorGuided(
                    unit=command.unit,
                    procedure=command.procedure,
                    channel=command.channel,
                    came_at=command.when.happened_at,
                    guidance=_guidance(command, "guided"),
                    rule=rule,
                )
            ]
        case OnlineRequired(rule=rule, level=level):
            return [
                PaperRefused(
                    unit=command.unit,
                    procedure=command.procedure,
                    channel=command.channel,
                    came_at=command.when.happened_at,
                    level=level,
                    guidance=_guidance(command, "paper_refused"),
                    rule=rule,
                )
            ]
        case Admitted(rule=rule):
            raise Rejected(
                "received_here",
                Text("Nơi này tiếp nhận hồ sơ này.", "This place receives this dossier."),
                instead=Text("Tiếp nhận hồ sơ.", "Receive it."),
                rule=rule.basis,
            )


def evolve(state: Visit, event: Event) -> Visit:
    match event:
        case VisitorGuided() | PaperRefused():
            return replace(state, came_at=event.came_at)
        case _:
            return state


visit: Decider[Visit] = Decider("visit", initial, decide, evolve, (VisitorGuided, PaperRefused))


def _guidance(command: Guide, wording: str) -> Guidance:
    rules, level = command.rules, online_level(command.terms, command.rules)
    # Level 1 only tells about a procedure; from level 2 on something can be done from home.
    online = level >= 2
    text = rules.wording.get(wording, Text("{procedure}: {place}", "{procedure}: {place}"))
    place = "; ".join(each.name for each in command.places)
    names = Text(command.terms.name_vi, command.terms.name_en or command.terms.name_vi)
    return Guidance(
        to=command.places,
        online=online,
        assisted=online and rules.online_only.assist,
        vi=text.vi.format(procedure=names.vi, place=place, level=level),
        en=text.en.format(procedure=names.en, place=place, level=level),
    )
