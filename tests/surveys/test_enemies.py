"""Whatever is sent to the routes and pages of answering, somebody is told what is wrong, and nothing fails."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.surveys.api.tokens import new_token
from services.surveys.domain.questionnaire import cleaned, problems, typed
from surveys.field import Field
from surveys.samples import IN_TIME, LATE, PROCEDURE, PUBLISH, life, q
from surveys.test_answering import GOOD

pytestmark = pytest.mark.xdist_group("surveys")
NASTY = ("", "0", "a" * 99, "a" * 5000, "ệ" * 26, "..", "%2e%2e", "' OR 1=1 --", "\u202e", "<script>", "-" * 26, "\x7f")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
(PUBLISHED,) = life(q.questionnaire, q.Publish(content=PROCEDURE, at=PUBLISH.at))


def kind(answer: Any) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and "json" in answer.headers.get("content-type", ""):
        assert answer.json()["detail"] and answer.json()["title"]


@given(st.dictionaries(st.sampled_from([each.code for each in PROCEDURE.questions]) | st.text(max_size=9), JSON))
@settings(deadline=None)
def test_any_answers_are_judged_and_what_is_cleaned_is_good(answers: dict[str, Any]) -> None:
    for cell in (LATE, IN_TIME, ()):
        wrong = problems(PUBLISHED, cell, answers, half=True)  # type: ignore[arg-type]
        assert all(text.vi and text.en for _, text in wrong)
        good = {code: each for code, each in answers.items() if code not in dict(wrong)}
        left = cleaned(PUBLISHED, cell, good)  # type: ignore[arg-type]
        assert problems(PUBLISHED, cell, left, half=True) == []  # type: ignore[arg-type]
        assert cleaned(PUBLISHED, cell, left) == left, "cleaned twice is cleaned once"  # type: ignore[arg-type]


@given(st.sampled_from(PROCEDURE.questions), st.text(max_size=30))
def test_any_text_of_a_form_or_a_table_is_typed(question: Any, text: str) -> None:
    typed(question, text)


@given(body=JSON)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_json_is_answered_kindly(surveys_field: Field, body: Any) -> None:
    token = await _token(surveys_field)
    sent = json.dumps(body).encode()
    for path in ("/answers", "/paper"):
        kind(await surveys_field.holding(token).by("desk_officer", unit=IN_TIME[0]).send(path, sent))
        kind(await surveys_field.holding(token).send(path, sent))
    for path in ("/invitations/revoke", "/campaigns/00000000-0000-0000-0000-000000000000/invitations"):
        kind(await surveys_field.surveys.by("survey_manager").send(path, sent))


_tokens: list[str] = []


async def _token(field: Field) -> str:
    """One that nobody uses up: no example is a whole questionnaire."""
    if not _tokens:
        _tokens.extend(await field.issue(await field.open(), IN_TIME))
    return _tokens[0]


@pytest.mark.parametrize("what", NASTY, ids=range(len(NASTY)))
async def test_any_address_of_a_slip_is_answered_with_a_page(surveys_field: Field, what: str) -> None:
    client, page = surveys_field.surveys.client, {"accept": "text/html"}
    for path in ("", "/kiem-tra", "/1", "/99", "/100", "/-1", "/x", "/1/2"):
        answer = await client.get(f"/phieu/{quote(what, safe='')}{path}", headers=page)
        assert answer.status_code < 500
    for path in ("", "/gui", "/1"):
        kind(await client.post(f"/phieu/{quote(what, safe='')}{path}", headers=page, data={"seen": what, what: what}))
    kind(await client.post("/phieu", headers=page, data={"ma": what}))
    officer = surveys_field.surveys.by("desk_officer", unit=IN_TIME[0])
    for path in ("/nhap-phieu", "/nhap-phieu/ghi"):
        kind(await client.post(path, headers=officer.said | page, data={"ma": what}))


async def test_any_form_of_a_page_is_read(surveys_field: Field) -> None:
    client, page, token = surveys_field.surveys.client, {"accept": "text/html"}, await _token(surveys_field)
    everything = " ".join([*(each.code for each in PROCEDURE.questions), "nothing"])
    for value in (*NASTY, "5", "6", "yes", "1e3", "٣"):
        form = {each.code: value for each in PROCEDURE.questions} | {"seen": everything, "do": value}
        for number in (1, 5, 7, 99):
            kind(await client.post(f"/phieu/{token}/{number}", headers=page, data=form))
        kind(await client.get(f"/phieu/{token}/kiem-tra", headers=page))
    kind(await client.post(f"/phieu/{token}/1", headers=page, data={f"q{n}": "1" for n in range(1000)}))
    kind(await client.post(f"/phieu/{token}/1", content=b"\xff\xfe", headers=page))


async def test_pages_of_a_respondent_say_no_referrer_and_are_kept_by_nobody(surveys_field: Field) -> None:
    token = await _token(surveys_field)
    for path in ("/phieu", f"/phieu/{token}", f"/phieu/{token}/1", "/phieu/cam-on", f"/phieu/{new_token()}"):
        answer = await surveys_field.surveys.client.get(path, headers={"accept": "text/html"})
        assert answer.headers.get_list("referrer-policy") == ["no-referrer"], path
        assert answer.headers.get_list("cache-control") == ["no-store"], path
        assert "set-cookie" not in answer.headers, path


async def test_an_officers_page_is_for_officers(surveys_field: Field) -> None:
    client = surveys_field.surveys.client
    assert (await client.get("/nhap-phieu", headers={"accept": "text/html"})).status_code == 401
    reader = surveys_field.surveys.by("auditor")
    assert (await reader.get("/nhap-phieu")).status_code == 403


async def test_a_respondent_who_is_signed_in_is_nobody_all_the_same(surveys_field: Field) -> None:
    token = (await surveys_field.issue(await surveys_field.open(), IN_TIME))[0]
    officer = surveys_field.surveys.by("unit_head", unit=IN_TIME[0], id="somebody").with_(motcua_invitation=token)
    assert (await officer.send("/answers", json.dumps(GOOD).encode())).status_code == 201
    rows = await surveys_field.service.pool.fetch(
        "SELECT meta FROM truth.events WHERE convert_from(meta, 'UTF8') LIKE '%somebody%'"
    )
    assert not rows
