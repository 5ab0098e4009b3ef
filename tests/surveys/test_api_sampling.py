"""Frames and samples over HTTP: imported or not at all, drawn once, drawn again by anybody."""

import io

import pytest
from openpyxl import Workbook

from services.surveys.api.sampling import read_frame
from services.surveys.domain import frame as frames
from services.surveys.domain import sampling
from surveys.town import DESIGN, frame, levels

pytestmark = pytest.mark.xdist_group("surveys_sampling")


async def test_a_frame_is_looked_at_before_it_is_taken(town):
    path = f"/campaigns/{(await town.planned())['id']}"
    seen = (await town.upload(f"{path}/frame", frame(), dry_run=True)).json()
    assert (seen["imported"], seen["schools"], seen["classes"], seen["people"]) == (False, 6, 18, 720)
    assert (await town.manager.read(path))["schools"] == 0
    keyed = town.manager.with_(idempotency_key="frame-1")
    taken = (await town.upload(f"{path}/frame", frame(), by=keyed)).json()
    assert taken["imported"] and taken["digest"] == seen["digest"]
    assert (await town.manager.read(path))["schools"] == 6


async def test_a_workbook_is_the_same_frame_as_its_csv(town):
    path = f"/campaigns/{(await town.planned())['id']}"
    book = Workbook()
    for line in frame().decode().splitlines():
        row = line.split(",")
        book.active.append([*row[:4], int(row[4]) if row[4].isdigit() else row[4]])
    out = io.BytesIO()
    book.save(out)
    as_csv = (await town.upload(f"{path}/frame", frame(), dry_run=True)).json()
    as_xlsx = (await town.upload(f"{path}/frame", out.getvalue(), dry_run=True)).json()
    assert as_xlsx == as_csv


async def test_wrong_rows_are_told_one_by_one_and_nothing_is_taken(town):
    path = f"/campaigns/{(await town.planned())['id']}"
    broken = (
        frame() + "\nNông thôn,thpt-6,Trường THPT số 6,10A1,40\nNông thôn,thpt-6,Trường THPT số 6,10A9,đông\n".encode()
    )
    answer = await town.upload(f"{path}/frame", broken)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "bad_frame")
    assert ["Dòng 20" in each["where"] for each in told["errors"]] == [True, False]
    assert "Dòng 21, cột size" in told["errors"][1]["where"] and "đông" in told["errors"][1]["what"]
    assert (await town.manager.read(path))["schools"] == 0


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no workbook", b"\xff\xfe\x00", b"a,b\n1,2\n", b"\n\n"])
async def test_a_file_that_is_no_frame_is_refused_in_words(town, content):
    path = f"/campaigns/{(await town.planned())['id']}"
    answer = await town.upload(f"{path}/frame", content)
    assert answer.status_code == 422 and answer.json()["errors"], answer.text


async def test_a_sample_is_drawn_once_and_drawn_again_by_anybody(town):
    path = f"/campaigns/{(await town.planned())['id']}"
    await town.upload(f"{path}/frame", frame())
    size = await town.manager.ok(f"{path}/size", **DESIGN)
    assert size["drawn"] == 4 and [each["stratum"] for each in size["strata"]] == ["Nông thôn", "Thành thị"]
    drawn = await town.manager.with_(idempotency_key="draw-1").ok(f"{path}/draw", **DESIGN)
    assert drawn["repeats"] and len(drawn["seed"]) == 32
    again = await town.manager.with_(idempotency_key="draw-1").ok(f"{path}/draw", **DESIGN)
    assert again["seed"] == drawn["seed"], "the same request gets the first answer"
    refused = await town.manager.post(f"{path}/draw", **DESIGN)
    assert (refused.status_code, refused.json()["code"]) == (409, "drawn_already")
    late = await town.upload(f"{path}/frame", frame(size=41))
    assert late.json()["code"] == "drawn_already"

    # Anybody, from the exported files alone.
    exported = (await town.leader.get(f"{path}/frame.csv")).content
    schools = read_frame(exported)
    assert frames.digest(schools) == drawn["digest"]
    sample = sampling.draw(schools, sampling.Design(**DESIGN), drawn["seed"], 20)
    assert [each.class_name for each in sample.chosen] == [each["class_name"] for each in drawn["chosen"]]
    assert [each.school for each in sample.chosen] == [each["school"] for each in drawn["chosen"]]


async def test_shares_that_are_expected_of_strata_go_into_neymans_draw_from_the_page(town):
    path = f"/campaigns/{(await town.planned(target=0))['id']}"
    await town.upload(f"{path}/frame", frame())
    id, said = path.rpartition("/")[2], town.manager.said | {"accept": "text/html"}
    form = {"allocation": "neyman", "share-0": "10", "share-1": "50", "classes": "1", "margin": "20", "effect": "1"}
    seen = await town.surveys.client.get(f"/dot/{id}/mau", params=form, headers=said)
    assert 'name="share-0" value="10"' in seen.text, "what the draw is asked for is what was seen"
    wrong = await town.surveys.client.post(f"/dot/{id}/rut", data=form | {"share-1": "120"}, headers=said)
    assert wrong.status_code == 422
    assert (await town.surveys.client.post(f"/dot/{id}/rut", data=form, headers=said)).status_code == 303
    drawn = await town.manager.read(f"{path}/draw")
    assert drawn["design"]["deviations"] == {"Nông thôn": pytest.approx(0.3), "Thành thị": pytest.approx(0.5)}
    needed = {each["stratum"]: each["needed"] for each in drawn["strata"]}
    assert needed["Thành thị"] > 1.4 * needed["Nông thôn"]


async def test_where_some_of_a_class_are_asked_the_page_says_who_by_their_place_in_the_class_list(town):
    path = f"/campaigns/{(await town.planned())['id']}"
    await town.upload(f"{path}/frame", frame())
    drawn = await town.manager.ok(f"{path}/draw", **DESIGN | {"persons": 7})
    page = await town.surveys.client.get(
        f"/dot/{path.rpartition('/')[2]}/mau", headers=town.manager.said | {"accept": "text/html"}
    )
    sample = sampling.draw(read_frame(frame()), sampling.Design(**DESIGN | {"persons": 7}), drawn["seed"], 20)
    for each in sample.chosen:
        places = sampling.persons_of(each, drawn["seed"])
        assert len(places) == 7 and f"sổ lớp: {', '.join(map(str, places))}<" in page.text


async def test_a_school_is_replaced_by_the_next_of_its_reserve(town):
    path = await town.drawn()
    drawn = await town.manager.read(f"{path}/draw")
    first = drawn["chosen"][0]
    reserve = next(each for each in drawn["reserves"] if each["stratum"] == first["stratum"])["schools"]
    await town.manager.ok(f"{path}/schools/{first['school']}/replace", reason="Trường đang sửa chữa")
    after = await town.manager.read(f"{path}/draw")
    assert after["replaced"] == {first["school"]: reserve[0]} and after["repeats"]
    assert (await town.manager.post(f"{path}/schools/thpt-99/replace", reason="Không có")).json()["code"] == "not_drawn"


async def test_a_replaced_schools_slips_open_nothing_and_a_school_that_answered_stays(town):
    path = await town.opened()
    chosen = (await town.manager.read(f"{path}/draw"))["chosen"]
    first, second = [(each["school"], each["class_name"]) for each in chosen[:2]]
    gone = (await town.tokens(path, *first))[0]
    token = (await town.tokens(path, *second))[0]
    questions = (await town.surveys.with_(motcua_invitation=token).read("/questionnaire"))["questions"]
    await town.manager.ok(f"{path}/schools/{first[0]}/replace", reason="Trường đang sửa chữa")
    refused = await town.surveys.with_(motcua_invitation=gone).post("/answers", **levels(questions, 4))
    assert (refused.status_code, refused.json()["code"]) == (410, "invitation_expired")
    await town.answers(token, levels(questions, 4))
    await town.heard()
    told = (await town.manager.post(f"{path}/schools/{second[0]}/replace", reason="Không muốn nữa")).json()
    assert told["code"] == "school_answered" and "1 người trả lời" in told["detail"]


async def test_who_is_not_the_survey_manager_draws_nothing(town):
    path = await town.drawn()
    for role in ("leadership", "auditor", "unit_head", "desk_officer"):
        officer = town.surveys.by(role, unit="thpt-1")
        assert (await officer.post(f"{path}/draw", **DESIGN)).status_code == 403
        assert (await officer.post(f"{path}/open")).status_code == 403
        assert (await officer.get(f"{path}/draw")).status_code == 200
    assert (await town.surveys.post(f"{path}/open")).status_code == 401


async def test_what_was_changed_meanwhile_is_not_overwritten(town):
    planned = await town.planned()
    path = f"/campaigns/{planned['id']}"
    await town.upload(f"{path}/frame", frame())
    stale = await town.manager.with_(if_match=f'"{planned["number"]}"').post(f"{path}/cancel", reason="Lập nhầm")
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
