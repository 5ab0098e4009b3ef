"""Answering over HTTP: once, half-done before, told plainly why not; from paper twice; from files."""

import asyncio
import io
import json
from typing import Any

import openpyxl
import pytest

from kernel.service import Service
from services.surveys.api.catalogue import catalogue
from services.surveys.api.tokens import new_token, read_token, shown
from services.surveys.domain.invitation import invitation
from services.surveys.domain.naming import invitation_stream
from surveys.field import Field
from surveys.samples import IN_TIME, LATE, PROCEDURE

pytestmark = pytest.mark.xdist_group("surveys")
GOOD: dict[str, Any] = {each.code: 4 for each in PROCEDURE.questions if each.kind == "likert" and each.when is None} | {
    "feedback_made": "no"
}
LATE_TOO = {"delay_explained": 2, "delay_apology": "later", "delay_sufficient": 3, "delay_harm": ["journeys", "costs"]}


async def one(field: Field, cell: tuple[str, ...] = IN_TIME, **changes: Any) -> tuple[str, str]:
    stream = await field.open(**changes)
    (token,) = await field.issue(stream, cell)
    return stream, token


async def test_a_token_used_by_fifty_clients_at_once_is_used_once(surveys_field: Field) -> None:
    stream, token = await one(surveys_field)
    before = await surveys_field.waiting()
    answers = await asyncio.gather(*(surveys_field.answer(token, GOOD) for _ in range(50)))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 49
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"invitation_used"}
    assert await surveys_field.waiting() == before + 1
    assert await surveys_field.waiting(stream) == 1


async def test_two_processes_and_one_token(surveys_field: Field) -> None:
    _, token = await one(surveys_field)
    other = Service(surveys_field.service.definition, surveys_field.service.settings)
    await other.open()
    try:
        from services.surveys.api.answering import opened, send  # noqa: PLC0415

        async def by(service: Any) -> bool:
            try:
                await send(service, await opened(service, token), GOOD)
                return True
            except Exception:
                return False

        other.clock.set(surveys_field.service.clock.now())
        done = await asyncio.gather(*(by((surveys_field.service, other)[n % 2]) for n in range(20)))
        assert sum(done) == 1
    finally:
        await other.close()


async def test_what_is_asked_hangs_on_the_cell_and_on_earlier_answers(surveys_field: Field) -> None:
    _, token = await one(surveys_field, LATE)
    told = (await surveys_field.answer(token, GOOD)).json()
    assert {each["where"] for each in told["errors"]} == {"delay_explained", "delay_apology"}
    told = (await surveys_field.answer(token, GOOD | {"delay_explained": 2, "delay_apology": "later"})).json()
    assert {each["where"] for each in told["errors"]} == {"delay_sufficient"}
    assert (await surveys_field.answer(token, GOOD | LATE_TOO)).status_code == 201
    _, token = await one(surveys_field, IN_TIME)
    assert (await surveys_field.answer(token, GOOD)).status_code == 201


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        ({"staff_attitude": 6}, "staff_attitude"),
        ({"staff_attitude": "4"}, "staff_attitude"),
        ({"staff_attitude": True}, "staff_attitude"),
        ({"staff_attitude": 4.5}, "staff_attitude"),
        ({"staff_attitude": {"a": 1}}, "staff_attitude"),
        ({"staff_attitude": None}, "staff_attitude"),
        ({"feedback_made": "maybe"}, "feedback_made"),
        ({"feedback_made": ["maybe"]}, "feedback_made"),
        ({"overall_remark": "x" * 2001}, "overall_remark"),
        ({"overall_remark": 7}, "overall_remark"),
        ({"nothing": 1}, "nothing"),
    ],
)
async def test_each_wrong_answer_is_named_and_nothing_is_taken(
    surveys_field: Field, answer: dict[str, Any], where: str
) -> None:
    _, token = await one(surveys_field)
    told = await surveys_field.answer(token, GOOD | answer)
    assert told.status_code == 422
    assert [each["where"] for each in told.json()["errors"]] == [where]
    assert (await surveys_field.answer(token, GOOD)).status_code == 201


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'"x"', b'{"a": "\\ud800"}', b"[" * 5000, b'{"a": NaN}', b"\xff"], ids=range(8)
)
async def test_what_is_no_json_object_is_a_clear_400(surveys_field: Field, body: bytes) -> None:
    _, token = await one(surveys_field)
    told = await surveys_field.holding(token).send("/answers", body)
    assert told.status_code == 400 and told.json()["detail"]


async def test_too_much_is_refused(surveys_field: Field) -> None:
    _, token = await one(surveys_field)
    assert (await surveys_field.answer(token, {f"q{n}": 1 for n in range(301)})).status_code == 422
    assert (await surveys_field.answer(token, {"overall_remark": "x" * (1 << 20)})).status_code == 413


async def test_unknown_used_revoked_and_over_are_told_apart(surveys_field: Field) -> None:
    manager = surveys_field.surveys.by("survey_manager")
    for token in (new_token(), "x", "U" * 26, "Z" * 26):
        told = await surveys_field.answer(token, GOOD)
        assert (told.status_code, told.json()["code"]) == (404, "invitation_unknown"), token
    stream, token = await one(surveys_field)
    assert (await surveys_field.answer(token, GOOD)).status_code == 201
    told = await surveys_field.answer(token, GOOD)
    assert (told.status_code, told.json()["code"]) == (409, "invitation_used")
    used = await manager.ok("/invitations/revoke", token=shown(token), ground="lost")
    assert used == {"state": "used", "changed": False}
    (lost, last) = await surveys_field.issue(stream, IN_TIME, 2)
    assert (await manager.ok("/invitations/revoke", token=shown(lost)))["changed"]
    told = await surveys_field.answer(lost, GOOD)
    assert (told.status_code, told.json()["code"]) == (410, "invitation_revoked")
    await surveys_field.close(stream)
    catalogue(surveys_field.service).forget(stream)
    told = await surveys_field.answer(last, GOOD)
    assert (told.status_code, told.json()["code"]) == (410, "invitation_expired")
    assert (await surveys_field.holding(last).get("/questionnaire")).status_code == 410


async def test_a_code_is_read_however_it_is_typed(surveys_field: Field) -> None:
    token = new_token()
    assert len(token) == 26 and read_token(shown(token).lower().replace("0", "o").replace("1", "l")) == token
    assert read_token(" ".join(token)) == token
    _, token = await one(surveys_field)
    assert (await surveys_field.holding(shown(token).lower()).get("/questionnaire")).status_code == 200


async def test_half_done_answers_are_there_again_and_gone_when_sent(surveys_field: Field) -> None:
    _, token = await one(surveys_field)
    found = (await surveys_field.holding(token).get("/questionnaire")).json()
    assert found["answers"] == {} and found["cell"] == ["in_time"] and len(found["questions"]) == 22
    half = {"access_place": 5, "overall_remark": "chưa xong"}
    assert (await surveys_field.put(token, half)).status_code == 204
    assert (await surveys_field.holding(token).get("/questionnaire")).json()["answers"] == half
    assert (await surveys_field.put(token, {"access_place": 9})).status_code == 422
    assert (await surveys_field.put(token, {"access_place": 1})).status_code == 204
    state, number = await surveys_field.service.state(invitation, invitation_stream(token))
    assert state.opened and number == 2, "opened once"
    assert (await surveys_field.answer(token, GOOD)).status_code == 201
    assert (await surveys_field.put(token, half)).status_code == 409
    assert await surveys_field.service.pool.fetchval("SELECT count(*) FROM truth.kept WHERE key = $1", _key(token)) == 0


def _key(token: str) -> Any:
    from services.surveys.api.tokens import key_of  # noqa: PLC0415

    return key_of(token)


async def test_only_the_manager_and_the_units_desk_issue_and_only_what_is_asked(surveys_field: Field) -> None:
    stream = await surveys_field.open()
    path = f"/campaigns/{stream.removeprefix('campaign-')}/invitations"
    body = {"cell": list(LATE), "count": 3}
    assert (await surveys_field.surveys.post(path, **body)).status_code == 401
    assert (await surveys_field.surveys.by("leadership").post(path, **body)).status_code == 403
    assert (await surveys_field.surveys.by("desk_officer", unit="thpt-khac").post(path, **body)).status_code == 403
    told = await surveys_field.surveys.by("desk_officer", unit=LATE[0]).ok(path, **body)
    assert len(set(told["tokens"])) == 3
    manager = surveys_field.surveys.by("survey_manager")
    for cell in (["thpt-le-loi", "early"], ["thpt-le-loi"], ["a", "late", "b"]):
        assert (await manager.post(path, cell=cell, count=1)).status_code == 409
    assert (await manager.post(path, cell=[], count=1)).status_code == 422
    assert (await manager.post(path, cell=["a", "late"], count=1001)).status_code == 422
    nothing = "/campaigns/00000000-0000-0000-0000-000000000000/invitations"
    assert (await manager.post(nothing, **body)).status_code == 409
    planned = await surveys_field.open("yearly")
    told = await manager.post(
        f"/campaigns/{planned.removeprefix('campaign-')}/invitations", cell=["thpt-le-loi", "99Z"], count=1
    )
    assert told.json()["code"] == "not_in_the_sample"


# Paper


async def entered(field: Field, token: str, who: str, answers: dict[str, Any]) -> Any:
    officer = field.surveys.by("desk_officer", unit=LATE[0], id=who)
    return await officer.with_(motcua_invitation=token).send("/paper", json.dumps(answers).encode())


async def test_two_officers_who_type_the_same_make_a_sheet(surveys_field: Field) -> None:
    stream, token = await one(surveys_field)
    assert (await entered(surveys_field, token, "a", GOOD)).json() == {"state": "first", "differences": []}
    assert (await entered(surveys_field, token, "a", GOOD)).json()["state"] == "first", "mending one's own is allowed"
    assert await surveys_field.waiting(stream) == 0
    assert (await entered(surveys_field, token, "b", GOOD | {"overall_remark": "khác chữ"})).json()["state"] == "taken"
    assert await surveys_field.waiting(stream) == 1
    state, _ = await surveys_field.service.state(invitation, invitation_stream(token))
    assert state.status == "used"
    history = await surveys_field.service.history(invitation_stream(token))
    assert history[-1].event.entered_by == ("a", "b") and history[-1].event.way == "paper"


async def test_where_two_entries_differ_the_second_mends_it_or_a_third_decides(surveys_field: Field) -> None:
    stream, token = await one(surveys_field)
    await entered(surveys_field, token, "a", GOOD)
    told = (await entered(surveys_field, token, "b", GOOD | {"staff_attitude": 1})).json()
    assert told["state"] == "differs"
    assert told["differences"] == [{"question": "staff_attitude", "first": 4, "second": 1}]
    assert (await entered(surveys_field, token, "a", GOOD)).json()["code"] == "entered_by_the_same"
    assert await surveys_field.waiting(stream) == 0
    told = (await entered(surveys_field, token, "b", GOOD | {"staff_attitude": 2})).json()
    assert told["differences"][0]["second"] == 2
    assert (await entered(surveys_field, token, "c", GOOD | {"staff_attitude": 2})).json()["state"] == "taken"
    history = await surveys_field.service.history(invitation_stream(token))
    assert history[-1].event.entered_by == ("a", "b", "c")
    assert await surveys_field.waiting(stream) == 1


async def test_a_sheet_of_another_unit_is_not_typed_in_nor_by_anybody(surveys_field: Field) -> None:
    _, token = await one(surveys_field)
    body = json.dumps(GOOD).encode()
    asker = surveys_field.surveys.with_(motcua_invitation=token)
    assert (await asker.send("/paper", body)).status_code == 401
    assert (await asker.by("leadership").send("/paper", body)).status_code in (401, 403, 422)
    other = surveys_field.surveys.by("desk_officer", unit="thpt-khac").with_(motcua_invitation=token)
    assert (await other.send("/paper", body)).status_code == 403


# Files


def csv_of(rows: list[dict[str, Any]], divider: str = ",") -> bytes:
    names = ["token", *GOOD]
    lines = [divider.join(names)]
    lines += [divider.join(str(row.get(name, "")) for name in names) for row in rows]
    return ("\ufeff" + "\r\n".join(lines)).encode()


async def imported(field: Field, stream: str, content: bytes, **query: Any) -> Any:
    manager = field.surveys.by("survey_manager")
    return await manager.client.post(
        f"/campaigns/{stream.removeprefix('campaign-')}/sheets",
        params=query,
        files={"file": ("sheets.csv", content)},
        headers=manager.said,
    )


async def test_sheets_from_a_file_are_taken_row_by_row_and_once(surveys_field: Field) -> None:
    stream, first = await one(surveys_field)
    second, third = await surveys_field.issue(stream, IN_TIME, 2)
    _, strange = await one(surveys_field)
    rows = [
        {"token": shown(first), **GOOD},
        {"token": second, **GOOD, "staff_attitude": 7},
        {"token": new_token(), **GOOD},
        {"token": strange, **GOOD},
        {"token": third, **GOOD},
    ]
    dry = (await imported(surveys_field, stream, csv_of(rows), dry_run=True)).json()
    assert [each["outcome"] for each in dry["rows"]] == ["would_take", "wrong", "wrong", "wrong", "would_take"]
    assert await surveys_field.waiting(stream) == 0
    told = (await imported(surveys_field, stream, csv_of(rows, ";"))).json()
    assert [(each["line"], each["outcome"]) for each in told["rows"]] == [
        (2, "taken"),
        (3, "wrong"),
        (4, "wrong"),
        (5, "wrong"),
        (6, "taken"),
    ]
    assert told["rows"][1]["problem"]["errors"][0]["where"] == "staff_attitude"
    again = (await imported(surveys_field, stream, csv_of(rows))).json()
    assert (again["taken"], again["already"], again["wrong"]) == (0, 2, 3)
    assert await surveys_field.waiting(stream) == 2


async def test_a_workbook_is_read_too_and_a_token_twice_is_nobodys(surveys_field: Field) -> None:
    stream, token = await one(surveys_field)
    (other,) = await surveys_field.issue(stream, IN_TIME)
    book = openpyxl.Workbook()
    book.active.append(["token", *GOOD])
    for each in (token, other, token):
        book.active.append([each, *GOOD.values()])
    out = io.BytesIO()
    book.save(out)
    told = (await imported(surveys_field, stream, out.getvalue())).json()
    assert [each["outcome"] for each in told["rows"]] == ["wrong", "taken", "wrong"]


async def test_a_manager_sends_a_file_on_a_page_and_reads_what_became_of_its_rows(surveys_field: Field) -> None:
    stream, token = await one(surveys_field)
    path = stream.removeprefix("campaign-")
    manager = surveys_field.surveys.by("survey_manager").with_(accept="text/html")

    async def page(content: bytes, do: str) -> Any:
        files, at = {"file": ("sheets.csv", content)}, f"/dot/{path}/nhap-tep"
        return await manager.client.post(at, files=files, data={"do": do}, headers=manager.said)

    empty = (await manager.get(f"/campaigns/{path}/sheets.csv")).content.decode("utf-8-sig").strip().split(",")
    assert empty[0] == "token" and set(GOOD) < set(empty)
    assert (await manager.get(f"/dot/{path}/nhap-tep")).status_code == 200
    content = csv_of([{"token": shown(token), **GOOD}, {"token": new_token(), **GOOD, "staff_attitude": 7}])
    dry = await page(content, "check")
    assert "Đọc được: 1." in dry.text and await surveys_field.waiting(stream) == 0
    done = await page(content, "import")
    assert "Đã nhận: 1." in done.text and "Có lỗi, chưa nhận: 1." in done.text
    assert "Không có phiếu khảo sát nào với mã này" in done.text
    assert await surveys_field.waiting(stream) == 1
    assert "Đã gửi từ trước: 1." in (await page(content, "import")).text
    for broken in (b"", b"PK\x03\x04", b"a,b\n1,2"):
        assert (await page(broken, "import")).status_code == 422
    officer = surveys_field.surveys.by("desk_officer", unit="thpt-le-loi")
    assert (await officer.get(f"/dot/{path}/nhap-tep")).status_code == 403


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04rubbish", b"\xff\xfe", b"a,b\n1,2", b"token,token\n1,2", b"token,nothing\n1,2"],
    ids=range(6),
)
async def test_a_file_that_is_no_table_of_sheets_is_refused_clearly(surveys_field: Field, content: bytes) -> None:
    stream, _ = await one(surveys_field)
    told = await imported(surveys_field, stream, content)
    assert told.status_code == 422 and told.json()["detail"]
