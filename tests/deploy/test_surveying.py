"""Whoever doubts a sample draws it again from the files that its page gives."""

import json

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from schemas.surveys import Design
from services.surveys.api.sampling import DrawTold, read_frame
from services.surveys.domain import frame as frames
from services.surveys.domain import sampling
from surveys.samples_campaign import at
from surveys.town import frame

DESIGN = Design(least_schools=2, classes=1)


@pytest.fixture
def files(tmp_path):
    schools = read_frame(frame(8, 4))
    drawn = sampling.draw(schools, DESIGN, "5eed", 30)
    told = DrawTold(
        digest=frames.digest(schools),
        seed="5eed",
        method=sampling.METHOD,
        design=DESIGN,
        target=30,
        drawn_at=at(1),
        repeats=True,
        strata=list(drawn.strata),
        chosen=list(drawn.chosen),
        reserves=list(drawn.reserves),
        replaced={},
    )
    (tmp_path / "frame.csv").write_bytes(frame(8, 4))
    (tmp_path / "draw.json").write_text(told.model_dump_json())
    return tmp_path


def repeat(files, frame="frame.csv", draw="draw.json"):
    return CliRunner().invoke(app, ["survey", "repeat", str(files / frame), str(files / draw)])


def test_the_same_files_give_the_same_sample(files):
    said = repeat(files)
    assert (said.exit_code, said.output.strip()) == (0, "Drawn again, it is the same sample.")


def test_a_sample_that_somebody_touched_is_found_out(files):
    told = json.loads((files / "draw.json").read_text())
    told["chosen"][0]["class_name"] = "10A9"
    (files / "touched.json").write_text(json.dumps(told))
    said = repeat(files, draw="touched.json")
    assert said.exit_code == 1 and "Other classes come out" in said.output


def test_another_frame_is_found_out(files):
    (files / "other.csv").write_bytes(frame(8, 4, 41))
    said = repeat(files, frame="other.csv")
    assert said.exit_code == 1 and "The frame is another one" in said.output


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"design": 1}'])
def test_a_file_that_is_no_draw_is_told_in_words(files, content):
    (files / "broken.json").write_text(content)
    said = repeat(files, draw="broken.json")
    assert said.exit_code and "download it from the campaign again" in str(said.exception or said.output)
