"""What an operator gives a running installation on the command line: the catalogue, parked events, erasure."""

import asyncio
import csv
import json

import pytest
import pytest_asyncio
from office import office_on
from test_cli import motcua

from deploy import catalogue
from deploy.trouble import Trouble
from running import environment, in_process, until
from services.intake.app import definition as intake

pytestmark = pytest.mark.xdist_group("commands")
WHO = {"name": "Lò Thị Mai", "id_number": "999000000077"}


@pytest_asyncio.fixture(scope="module")
async def office(ground, templates, tmp_path_factory):
    async with office_on(ground, templates, tmp_path_factory.mktemp("commands")) as here:
        yield here


async def told(office, *arguments, code=0):
    """What the command says when it is run beside the office."""
    said = await asyncio.to_thread(motcua, *arguments, **environment(office.place.settings))
    assert said.returncode == code, said.stderr + said.stdout
    assert "Traceback" not in said.stderr
    return said.stdout if code == 0 else said.stderr


@pytest.mark.parametrize(
    "command", ["import", "catalogue load", "catalogue diff", "catalogue bring-in-line", "parked drop", "erase"]
)
def test_every_command_has_an_example(command):
    assert "Example:" in motcua(*command.split(), "--help").stdout


# --- the catalogue ---------------------------------------------------------------------------------------------------


async def national(office):
    """Our own official procedures with a national code, as the national catalogue would have them."""
    return [
        {
            "code": each["terms"]["national_code"],
            "effective_from": each["effective_from"],
            "name_vi": each["terms"]["name_vi"],
        }
        for each in await office.operator.read("/procedures")
        if each["terms"]["national_code"]
    ]


async def test_loading_twice_changes_nothing(office):
    found = json.loads(await told(office, "catalogue", "load", "--json"))
    assert found["units"]["changed"] == found["catalogue"]["changed"] == 0
    assert "were there already" in await told(office, "catalogue", "load")


async def test_differences_are_shown_and_mended_from_csv_and_json(office, tmp_path):
    theirs = await national(office)
    gone, renamed = theirs.pop(0), theirs[0]
    renamed["name_vi"] += " (đổi tên)"
    theirs.append({"code": "9.000001", "effective_from": "2026-01-01", "name_vi": "Thủ tục mới", "authority": "school"})
    (tmp_path / "n.json").write_text(json.dumps({"national": theirs}), encoding="utf-8")
    with (tmp_path / "n.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, ["code", "effective_from", "name_vi", "authority"], delimiter=";")
        writer.writeheader()
        writer.writerows(theirs)

    by_csv = json.loads(await told(office, "catalogue", "diff", str(tmp_path / "n.csv"), "--json"))
    by_json = json.loads(await told(office, "catalogue", "diff", str(tmp_path / "n.json"), "--json"))
    assert by_csv == by_json
    ours = {(each["kind"], each["procedure"]) for each in by_csv if not each["unit"]}
    assert ours == {("surplus", gone["code"]), ("outdated", renamed["code"]), ("missing", "9.000001")}

    await told(office, "catalogue", "bring-in-line", str(tmp_path / "n.json"), "--dry-run")
    assert json.loads(await told(office, "catalogue", "diff", str(tmp_path / "n.json"), "--json")) == by_json

    done = json.loads(await told(office, "catalogue", "bring-in-line", str(tmp_path / "n.json"), "--json"))
    assert done["mended"] >= 3 and done["left"] == []
    assert "everything is in line" in await told(office, "catalogue", "diff", str(tmp_path / "n.json"))
    assert any(each["procedure"] == "9.000001" for each in await office.operator.read("/procedures"))


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("n.json", "{", "is not JSON"),
        ("n.json", '{"a": 1}', "not a list of procedures"),
        ("n.csv", "code;name_vi\n1;2\n", "has no column effective_from"),
        ("n.csv", "code,effective_from,name_vi,colour\n1,2,3,4\n", "column “colour”"),
        ("n.csv", "code,effective_from,name_vi,fee_vnd\n1,2,3,free\n", "fee_vnd of 1 is “free”: write a whole number"),
        ("n.csv", "code,effective_from,name_vi,times\n1,2,3,soon\n", "times of 1 is “soon”"),
    ],
)
def test_a_catalogue_that_is_not_one_is_told_in_one_sentence(tmp_path, name, text, sentence):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(Trouble, match=sentence):
        catalogue.read(tmp_path / name)


async def test_what_intake_refuses_is_told_with_its_place(office, tmp_path):
    (tmp_path / "n.json").write_text(
        '[{"code": "x", "effective_from": "2026-01-01", "name_vi": "A"}]', encoding="utf-8"
    )
    said = await told(office, "catalogue", "diff", str(tmp_path / "n.json"), code=1)
    assert "national.0.code" in said and said.count("\n") == 1


# --- parked ----------------------------------------------------------------------------------------------------------


async def test_a_parked_event_is_dropped_with_a_reason_that_is_kept(office):
    connection = await office.place.connect("intake")
    try:
        for offset in (901, 902):
            await connection.execute(
                'INSERT INTO truth.parked (topic, partition, "offset", stream, type, reason, headers, value)'
                " VALUES ('elsewhere', 0, $1, 'application-x', 'intake.odd', 'ValueError', '\\x80', '')",
                offset,
            )
        said = await told(office, "parked", "drop", "intake", "application-x", "--reason", "made by a test")
        assert "intake.odd of application-x was dropped" in said
        rows = json.loads(await told(office, "parked", "list", "intake", "--json"))
        assert [each["offset"] for each in rows] == [902]
        kept = await connection.fetchval('SELECT dropped FROM truth.parked WHERE "offset" = 901')
        assert kept.startswith("cli:") and kept.endswith(": made by a test")
        await told(office, "parked", "drop", "intake", "application-x", "--reason", "this too")
        said = await told(office, "parked", "drop", "intake", "application-x", "--reason", "again", code=1)
        assert "Nothing of application-x is parked" in said
        assert "heard everything" in await told(office, "parked", "list", "intake")
    finally:
        await connection.execute("DELETE FROM truth.parked")
        await connection.close()


# --- erasure ---------------------------------------------------------------------------------------------------------


async def test_a_person_is_erased_by_identity_number_once(office):
    await office.operator.ok("/applications", procedure="2.002854", decided_by="thpt-le-loi", applicant=WHO)

    async def names():
        return [each["applicant"] for each in (await office.operator.read("/applications"))["entries"]]

    await until(names, "the dossier to be there")
    identity = ("--identity", WHO["id_number"], "--reason", "a test", "--yes")
    assert "The person is erased" in await told(office, "erase", *identity)
    assert "no key of this person" in await told(office, "erase", *identity, code=1)
    connection = await office.place.connect("vault")
    try:
        row = await connection.fetchrow(
            "SELECT wrapped, destroyed_by, reason FROM subject_key WHERE destroyed_at IS NOT NULL"
        )
    finally:
        await connection.close()
    assert row["wrapped"] is None and row["destroyed_by"].startswith("cli:") and row["reason"] == "a test"


async def test_a_pupil_is_erased_by_their_own_number_and_the_parent_stays(office):
    form = {
        "from_school": "thpt-tran-phu",
        "from_type": "public",
        "to_school": "thpt-le-loi",
        "to_type": "public",
        "grade": 11,
        "reason": "moved_home",
    }
    pupil = {"name": "Lò Văn Nam", "id_number": "011210000003", "born": "2010-03-02"}
    parent = WHO | {"id_number": "001190000777"}
    body = {"procedure": "2.002854", "decided_by": "thpt-le-loi", "applicant": parent, "answers": form}
    id = (await office.operator.ok("/applications", **body, concerns=pupil))["id"]
    assert (await office.operator.read(f"/applications/{id}"))["concerns"]["name"] == pupil["name"]
    assert "The person is erased" in await told(
        office, "erase", "--identity", pupil["id_number"], "--reason", "a test", "--yes"
    )

    # The service that had the key open forgets it within a minute; another one never had it.
    async with in_process(intake, office.place.settings) as another:
        whole = await another.by("operator").read(f"/applications/{id}")
    assert (whole["concerns"], whole["applicant"]["name"]) == (None, parent["name"])
    assert whole["answers"] == form


async def test_who_is_to_be_erased_must_be_said_clearly(office):
    assert "Name one person" in await told(office, "erase", "--reason", "x", "--yes", code=1)
    assert "not a subject" in await told(office, "erase", "someone", "--reason", "x", "--yes", code=1)
