"""What a campaign came to, as a person sees it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from kernel.layout import lang, number, render, say
from kernel.web import Here
from schemas.surveys import Figure
from services.surveys.api.access import Reader, sees_all, sees_cell
from services.surveys.api.campaigns import told as campaign_told
from services.surveys.api.exports import method_rows
from services.surveys.api.results import Outcome, distribution, outcome, remarks, seen, told
from services.surveys.api.voiding import voidings
from services.surveys.domain.questionnaire import LEVELS
from services.surveys.pages import terms

router = APIRouter(include_in_schema=False)
MOST_UNITS = 60
MOST_REMARKS = 100


@router.get("/dot/{id}/ket-qua")
async def results(
    request: Request,
    service: Here,
    actor: Reader,
    id: UUID,
    area: Annotated[str, Query(max_length=60)] = "",
    unit: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """Figures with their intervals, ranks as ranges, what changed, what was hidden and voided."""
    said = lang(request)
    of = await outcome(service, id)
    figures = seen(of, actor)
    everything = sees_all(actor)
    codes = ["", *(each.code for each in of.published.areas if _asked(of, each.code))]
    area = area if area in codes else ""
    chosen = unit or ("" if everything else actor.unit)
    if chosen and not sees_cell(actor, (chosen,)):
        chosen = ""
    whole = next((each for each in figures if _key(each) == ((), "", "") and not each.hidden), None)
    results = await told(service, of, actor, area)
    places = results.ranking[:MOST_UNITS]
    hidden = Counter(each.hidden for each in figures if each.hidden)
    return render(
        request,
        "results.html",
        row=campaign_told(of.found.row),
        results=results,
        before_and_now=_before_and_now(results.trend.changes, said),
        whole=whole,
        by_area=_by_area(of, figures, (), said),
        levels=_levels(of, (), said),
        areas=[(code, _label(of.area(code), said)) for code in codes],
        area=area,
        units=places,
        by_unit=_by_unit(places, said),
        unit=_unit(of, figures, chosen, said) if chosen else None,
        questions=[_question(of, each, said) for each in figures if not each.cell and each.question],
        hidden={"few": hidden["few"], "guard": hidden["guard"]} if hidden else None,
        remarks=await remarks(service, of.found, actor, MOST_REMARKS),
        voidings=voidings(of.found) if everything else None,
        approves=bool({"leadership", "survey_manager"} & set(actor.roles)) and not of.frozen,
        method=[(name[:1].upper() + name[1:], value) for name, value in method_rows(of, results)],
        base=f"/campaigns/{id}",
        points=lambda share: f"{'+' if share > 0 else ''}{number(share * 100, 1, lang=said)}",
        terms=terms,
    )


def _asked(of: Outcome, area: str) -> bool:
    return any(each.area == area and each.kind == "likert" for each in of.published.questions)


def _key(each: Figure) -> tuple[tuple[str, ...], str, str]:
    return each.cell, each.area, each.question


def _label(wording: Any, said: str) -> str:
    return str(getattr(wording, said))


def _shares(figures: Sequence[Any], said: str) -> list[dict[str, Any]]:
    """Share, low and high end in per cent, for a chart of spans."""
    names = ("Satisfied", "from", "to") if said == "en" else ("Hài lòng", "từ", "đến")
    return [
        {
            "name": name,
            "values": [None if getattr(each, at) is None else round(getattr(each, at) * 100, 1) for each in figures],
        }
        for name, at in zip(names, ("share", "low", "high"), strict=True)
    ]


def _spans(name: str, title: str, labels: list[str], figures: Sequence[Any], said: str) -> dict[str, Any]:
    series = _shares(figures, said)
    _, lows, highs = (each["values"] for each in series)
    return {
        "name": name,
        "title": title,
        "kind": "spans",
        "labels": labels,
        "series": series,
        "unit": "%",
        # Points may stand on a scale that does not begin at nought; bars could not.
        "least": min(lows) // 10 * 10,
        "most": -(-max(highs) // 10) * 10,
    }


def _by_area(of: Outcome, figures: Iterable[Figure], cell: tuple[str, ...], said: str) -> dict[str, Any] | None:
    shown = [each for each in figures if each.cell == cell and not each.question and not each.hidden]
    if not shown:
        return None
    title = "Satisfied or very satisfied, with the interval" if said == "en" else "Tỉ lệ hài lòng, với khoảng tin cậy"
    labels = [_label(of.area(each.area), said) for each in shown]
    return _spans("by_area" if not cell else "by_area_unit", title, labels, shown, said)


def _by_unit(places: Sequence[Any], said: str) -> dict[str, Any] | None:
    shown = [each for each in places if each.share is not None]
    if not shown:
        return None
    title = "Satisfied by unit, with the interval" if said == "en" else "Tỉ lệ hài lòng theo đơn vị, với khoảng tin cậy"
    return _spans("by_unit", title, [each.name for each in shown], shown, said)


def _before_and_now(changes: Sequence[Any], said: str) -> dict[str, Any] | None:
    """The share of everybody, area by area, in the campaign before and in this one."""
    shown = [each for each in changes if not each.cell]
    if not shown:
        return None
    names = ("Before", "Now") if said == "en" else ("Đợt trước", "Đợt này")
    return {
        "name": "before_and_now",
        "title": "Satisfied, before and now" if said == "en" else "Tỉ lệ hài lòng, đợt trước và đợt này",
        "kind": "rows",
        "labels": [each.area_label[said] for each in shown],
        "series": [
            {"name": name, "values": [round(getattr(each, at) * 100, 1) for each in shown]}
            for name, at in zip(names, ("before", "now"), strict=True)
        ],
        "unit": "%",
    }


def _levels(of: Outcome, cell: tuple[str, ...], said: str) -> dict[str, Any] | None:
    """How many answered each level, in per cent, by area."""
    found = {area: counts for area, question, counts in distribution(of, cell) if not question and any(counts)}
    areas = [each for each in ("", *(a.code for a in of.published.areas)) if each in found]
    if not areas:
        return None
    return {
        "name": "levels" if not cell else "levels_unit",
        "title": "Answers by level (%)" if said == "en" else "Các mức trả lời (%)",
        "kind": "parts",
        "labels": [_label(of.area(each), said) for each in areas],
        "series": [
            {
                "name": say(level, lang=said),
                "values": [round(found[each][at] / sum(found[each]) * 100, 1) for each in areas],
            }
            for at, level in enumerate(LEVELS.values())
        ],
        "unit": "%",
        "most": 100,
        "colours": terms.LEVEL_COLOURS,
    }


def _question(of: Outcome, each: Figure, said: str) -> dict[str, Any]:
    label = of.question(each.question)
    shown = not each.hidden
    return {
        "label": _label(label, said) if label else each.question,
        "hidden": each.hidden,
        **{name: getattr(each, name) if shown else None for name in ("share", "low", "high", "mean", "n")},
    }


def _unit(of: Outcome, figures: Sequence[Figure], unit: str, said: str) -> dict[str, Any]:
    return {
        "name": _label(of.name((unit,)), said),
        "by_area": _by_area(of, figures, (unit,), said),
        "levels": _levels(of, (unit,), said),
        "questions": [_question(of, each, said) for each in figures if each.cell == (unit,) and each.question],
    }
