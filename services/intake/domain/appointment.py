"""What is promised on a receipt: the day the result is due and the share of each stage. Pure; the calendar comes in."""

import datetime as dt

from kernel import calendar as working_time
from kernel.calendar import Calendar
from kernel.decider import Rejected, Text
from schemas.intake import ProcessingTime, Promise, Stage, StageDue, Terms
from schemas.rules import Cited
from services.intake.domain.rules import Rules, clock


def processing_time(terms: Terms, since: dt.date, rules: Rules, case: str = "") -> tuple[ProcessingTime, Cited]:
    """How long it may take, and the rule behind it: the procedure's own time for the case, else its ordinary one, else
    what the province agreed on. What the catalogue says is cited by `since`, the day from which these terms hold.
    Raises Rejected where nobody knows: no receipt can promise a day then."""
    by_case = {each.case: each for each in terms.times}
    found = by_case.get(case) or by_case.get("")
    if found:
        basis = "; ".join(terms.legal_basis)
        return found, Cited(pack="catalogue", version=since.isoformat(), name="processing_time", basis=basis)
    if rules.default_time:
        return rules.default_time, rules.default_time_cited
    raise Rejected(
        "time_unknown",
        Text("Chưa biết thời hạn giải quyết của thủ tục này.", "The processing time of this procedure is not known."),
        instead=Text("Bổ sung thời hạn vào danh mục thủ tục.", "Add the time to the catalogue of procedures."),
        procedure=terms.name_vi,
    )


def promise(
    terms: Terms, since: dt.date, rules: Rules, calendar: Calendar, received: dt.datetime, case: str = ""
) -> Promise:
    """The appointment for a dossier received at this moment, by the rules of that day."""
    time, rule = processing_time(terms, since, rules, case)
    cut_off = clock(terms.cut_off) if terms.cut_off else rules.cut_off
    due_at = working_time.due(received, time.amount, time.unit, cut_off, calendar)
    return Promise(
        due_at=due_at,
        amount=time.amount,
        unit=time.unit,
        counted_from=working_time.counted_from(received, cut_off, calendar),
        cut_off=cut_off.isoformat("minutes") if cut_off else "",
        calendar=calendar.version,
        rule=rule,
        stages=shares(terms.stages or rules.default_stages.get(terms.authority, ()), received, due_at, calendar),
        at_supplement=terms.at_supplement or rules.supplement.at,
        warn_before=terms.warn_before,
    )


def shares(
    stages: tuple[Stage, ...], received: dt.datetime, due_at: dt.datetime, calendar: Calendar
) -> tuple[StageDue, ...]:
    """The office time from receipt to appointment, dealt out by weight; the last stage ends with the appointment."""
    if not sum(each.weight for each in stages):
        return ()
    ends = working_time.deal_out(received, due_at, [each.weight for each in stages], calendar)
    return tuple(
        StageDue(role=stage.role, due_at=end, weight=stage.weight) for stage, end in zip(stages, ends, strict=True)
    )


def supplement_by(rules: Rules, calendar: Calendar, received: dt.datetime) -> dt.datetime:
    """Until when a supplement may be asked, by the rule on supplements in force."""
    return working_time.due(received, rules.supplement.within, "working_days", rules.cut_off, calendar)


def close_after(terms: Terms | None, rules: Rules) -> int:
    """After how many working days without a supplement a dossier may be closed; 0 is never."""
    return rules.supplement.close_after if terms is None or terms.close_after is None else terms.close_after


def answer_by(days: int, calendar: Calendar, asked: dt.datetime) -> dt.datetime:
    """So many working days after something was asked: for a supplement's auto-close or a consultation's limit."""
    return working_time.due(asked, days, "working_days", None, calendar)
