"""A yearly campaign from its slips to its frozen results, as programs lead it."""

import asyncio
import csv
import io
from uuid import UUID, uuid4

import openpyxl
import pypdf
import pytest
import pytest_asyncio

from services.surveys.api import counting
from services.surveys.api.campaigns import find
from surveys.town import Town, levels, scanned, unzipped

pytestmark = pytest.mark.xdist_group("surveys_results")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def path(town: Town) -> str:
    """An open campaign of four classes in four schools."""
    return await town.opened()


async def classes(town: Town, path: str) -> list[tuple[str, str]]:
    return [(each["school"], each["class_name"]) for each in (await town.manager.read(f"{path}/draw"))["chosen"]]


async def test_a_classes_slips_have_a_code_each_that_opens_the_questionnaire(town, path):
    school, name = (await classes(town, path))[0]
    answer = await town.manager.post(f"{path}/slips", school=school, class_name=name)
    assert answer.headers["content-type"] == "application/pdf" and answer.headers["cache-control"] == "no-store"
    tokens = scanned(answer.content)
    assert len(set(tokens)) == 40
    asked = await town.surveys.with_(motcua_invitation=tokens[0]).read("/questionnaire")
    assert asked["questionnaire"] == "education-pupil"
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    assert f"lớp {name}" in text and tokens[0][:4] in text

    refused = await town.manager.post(f"{path}/slips", school=school, class_name=name)
    assert refused.json()["code"] == "printed_already", "a second click prints no second set"
    await town.heard()
    again = await town.manager.post(f"{path}/slips", school=school, class_name=name, again=True)
    assert not set(scanned(again.content)) & set(tokens)
    lost = await town.surveys.with_(motcua_invitation=tokens[0]).get("/questionnaire")
    assert lost.json()["code"] == "invitation_revoked"


async def test_many_clicks_at_once_print_one_set_and_hold_up_nobody(town, path):
    school, name = (await classes(town, path))[2]
    clicks = await asyncio.gather(
        *(town.manager.post(f"{path}/slips", school=school, class_name=name) for _ in range(14))
    )
    assert sorted(each.status_code for each in clicks) == [200, *[409] * 13]
    assert {each.json()["code"] for each in clicks if each.status_code == 409} == {"printed_already"}


async def test_a_school_prints_its_own_slips_only(town, path):
    (one, name), (other, _) = (await classes(town, path))[1:3]
    officer = town.surveys.by("desk_officer", unit=other)
    assert (await officer.post(f"{path}/slips", school=one, class_name=name)).status_code == 403
    missing = await town.manager.post(f"{path}/slips", school=one, class_name="12Z")
    assert missing.status_code == 404


async def test_from_answers_to_results_that_are_frozen_once(town, path):
    """Two classes are content, one is not, of the fourth only four answer."""
    chosen = await classes(town, path)
    questions = None
    for at, (school, name) in enumerate(chosen):
        tokens = await town.tokens(path, school, name, again=True)
        if questions is None:
            questions = (await town.surveys.with_(motcua_invitation=tokens[0]).read("/questionnaire"))["questions"]
        level = 2 if at == 1 else 4
        count = 4 if at == 3 else 30
        remark = {"code": next(q["code"] for q in questions if q["kind"] == "text")}
        await asyncio.gather(
            *(
                town.answers(
                    each,
                    levels(questions, level)
                    | ({remark["code"]: "Cô Nguyễn Thị Lan, số 0912 345 678 rất tốt"} if n == 0 and at == 0 else {}),
                )
                for n, each in enumerate(tokens[:count])
            )
        )
    await town.released()

    live = await town.manager.read(f"{path}/results")
    assert (live["status"], live["used"], live["sheets"], live["withheld"]) == ("live", 94, 90, None)
    whole = next(each for each in live["figures"] if not each["cell"] and not each["area"] and not each["question"])
    assert (whole["n"], whole["share"]) == (90, 0.75), "one of four schools of equal weight is discontent"
    assert whole["low"] < whole["share"] < whole["high"]
    hidden = [each for each in live["figures"] if each["cell"][:1] == [chosen[3][0]]]
    assert all(each["hidden"] or not each["n"] for each in hidden), "four answers are shown nowhere"

    assert (await town.manager.post(f"{path}/freeze")).json()["code"] == "not_closed"
    await town.manager.ok(f"{path}/close", reason="Đã đủ phiếu")
    assert (await town.manager.post(f"{path}/freeze")).json()["code"] == "answers_on_their_way"
    await town.released()
    closed = await town.manager.read(path)
    assert closed["status"] == "closed" and closed["withheld"] is not None

    pool = town.surveys.service.pool
    lags = "UPDATE view.invited SET used = used {} 1 WHERE campaign = $1 AND used > 0"
    await pool.execute(lags.format("-"), f"campaign-{path.rpartition('/')[2]}")
    early = await town.manager.post(f"{path}/freeze")
    assert early.json()["code"] == "answers_on_their_way", "a view that lags can't leave an answer out"
    await pool.execute(lags.format("+"), f"campaign-{path.rpartition('/')[2]}")

    first, second = await asyncio.gather(town.manager.post(f"{path}/freeze"), town.manager.post(f"{path}/freeze"))
    assert first.is_success and second.is_success
    await town.heard()
    frozen = await town.leader.read(f"{path}/results")
    assert (frozen["status"], frozen["issued"], frozen["used"]) == ("frozen", 160, 94)
    assert frozen["sheets"] + frozen["withheld"] == 94 and len(frozen["digest"]) == 64
    history = (await find(town.surveys.service, UUID(closed["id"]))).history
    assert [each.event.type for each in history].count("surveys.results_frozen") == 1
    late = await town.manager.post(f"{path}/voidings", sheets=[str(uuid4())], reason="Quá muộn rồi")
    assert late.status_code == 422


async def test_whats_frozen_is_that_of_the_sheets_in_the_log(town, path):
    found = await find(town.surveys.service, UUID(path.rpartition("/")[2]))
    sheets = await counting.released(town.surveys.service, found, {})
    assert counting.digest(sheets) == found.state.results.digest
    assert counting.digest(dict(reversed(sheets.items()))) == found.state.results.digest, "whatever the order"


async def test_every_file_says_the_same_figures(town, path):
    told = {
        (tuple(each["cell"]), each["area"], each["question"]): each
        for each in (await town.manager.read(f"{path}/results"))["figures"]
    }
    answer = await town.manager.get(f"{path}/results.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(lines) == len(told)
    for line in lines:
        cell = tuple(each for each in (line["đơn vị"], line["nhóm nhỏ"]) if each)
        figure = told[cell, line["lĩnh vực"], line["câu hỏi"]]
        if figure["hidden"]:
            assert not line["tỉ lệ hài lòng"] and line["ẩn vì"]
        else:
            assert float(line["tỉ lệ hài lòng"]) == figure["share"] and int(line["số trả lời"]) == figure["n"]

    book = openpyxl.load_workbook(io.BytesIO((await town.manager.get(f"{path}/results.xlsx")).content))
    assert book.sheetnames == ["Kết quả", "Xếp hạng", "Phiếu bị loại", "Phương pháp"]
    assert book["Kết quả"].max_row == len(told) + 1
    pdf = pypdf.PdfReader(io.BytesIO((await town.manager.get(f"{path}/results.pdf")).content))
    assert "Kết quả đã chốt" in " ".join(page.extract_text() for page in pdf.pages)


async def test_data_for_spss_has_a_row_a_sheet_and_a_label_a_value(town, path):
    files = unzipped((await town.manager.get(f"{path}/data.zip")).content)
    rows = list(csv.DictReader(io.StringIO(files["data.csv"])))
    frozen = await town.manager.read(f"{path}/results")
    assert len(rows) == frozen["sheets"]
    columns = set(rows[0])
    for name in columns - {"sheet", "unit", "part", "week", "void"}:
        assert f"  {name} F8.0" in files["labels.sps"] and f"  {name} '" in files["labels.sps"]
    assert "5 'Rất hài lòng'" in files["labels.sps"]
    assert "Lan" not in files["data.csv"], "what people wrote is not with what they ticked"
    assert (await town.surveys.by("unit_head", unit="thpt-1").get(f"{path}/data.zip")).status_code == 403


async def test_officers_see_everybody_and_their_own_unit(town, path):
    chosen = await classes(town, path)
    head = town.surveys.by("unit_head", unit=chosen[0][0])
    told = await head.read(f"{path}/results")
    assert {each["cell"][0] for each in told["figures"] if each["cell"]} == {chosen[0][0]}
    assert told["ranking"] == []
    assert {each["unit"] for each in await head.read(f"{path}/remarks")} == {chosen[0][0]}
    assert await town.surveys.by("unit_head", unit=chosen[1][0]).read(f"{path}/remarks") == []


async def test_ranks_are_ranges_and_need_answers(town, path):
    ranking = (await town.manager.read(f"{path}/results"))["ranking"]
    placed = {each["unit"]: (each["from_rank"], each["to_rank"]) for each in ranking}
    chosen = [school for school, _ in await classes(town, path)]
    assert placed[chosen[1]] == (3, 3), "the discontent one is surely the last"
    assert placed[chosen[0]] == placed[chosen[2]] == (1, 2), "the content ones can't be told apart"
    assert placed.get(chosen[3], (None, None)) == (None, None)


async def test_a_later_campaign_is_held_against_it_only_with_the_same_questionnaire(town, path):
    before = path.rpartition("/")[2]
    later = await town.opened(previous=before, title={"vi": "Đợt sau", "en": "The next"})
    trend = (await town.manager.read(f"{later}/results"))["trend"]
    assert (trend["previous"], trend["why_not"], trend["changes"]) == (before, None, [])
    other = await town.opened(
        previous=before, group="parent", questionnaire="education-parent", title={"vi": "Cha mẹ", "en": "Parents"}
    )
    trend = (await town.manager.read(f"{other}/results"))["trend"]
    assert trend["changes"] == [] and "mẫu phiếu khác" in trend["why_not"]["vi"]
    for each in (later, other):
        await town.manager.ok(f"{each}/close", reason="Chỉ để thử")


async def test_sheets_are_voided_by_two_people_and_no_other_way(town):
    path = await town.opened(title={"vi": "Có phiếu chép", "en": "With copies"})
    school, name = (await classes(town, path))[0]
    tokens = await town.tokens(path, school, name)
    questions = (await town.surveys.with_(motcua_invitation=tokens[0]).read("/questionnaire"))["questions"]
    likert = [each["code"] for each in questions if each["kind"] == "likert"]
    copied = levels(questions, 5) | {likert[0]: 4, likert[1]: 3}
    for n, token in enumerate(tokens[:10]):
        await town.answers(token, copied if n < 4 else levels(questions, 1 + n % 5) | {likert[n]: 2})
    await town.released()

    signals = await town.manager.read(f"{path}/signals")
    copies = next(each for each in signals if each["kind"] == "copies")
    assert (copies["count"], copies["of"], copies["cell"]) == (4, 10, [school, name])
    assert (await town.manager.read(f"{path}/results"))["sheets"] == 10, "a signal takes nothing out"

    stranger = await town.manager.post(f"{path}/voidings", sheets=[str(uuid4())], reason="Không rõ")
    assert stranger.status_code == 422
    (proposal,) = await town.manager.ok(f"{path}/voidings", sheets=copies["sheets"], reason="Bốn phiếu giống hệt nhau")
    own = await town.manager.post(f"{path}/voidings/{proposal['voiding']}/approve")
    assert own.json()["code"] == "own_proposal"
    await town.heard()
    assert (await town.manager.read(f"{path}/results"))["sheets"] == 10
    await town.leader.ok(f"{path}/voidings/{proposal['voiding']}/approve")
    await town.heard()
    after = await town.manager.read(f"{path}/results")
    assert (after["sheets"], after["void"]) == (6, 4)
    (listed,) = await town.leader.read(f"{path}/voidings")
    assert (listed["status"], listed["proposed_by"], listed["settled_by"]) == ("approved", "manager-1", "leader-1")
    for method in ("DELETE", "PUT", "PATCH"):
        answer = await town.surveys.client.request(method, f"{path}/voidings", headers=town.manager.said)
        assert answer.status_code == 405
