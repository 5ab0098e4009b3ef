"""Pages: what is printed is escaped, both languages read well, values are written as people here write them."""

import datetime as dt
import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.testclient import TestClient

from kernel import layout
from kernel.decider import Text
from schemas.event import Actor

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).with_name("pages")
MORNING = dt.datetime(2026, 9, 4, 18, 30, tzinfo=dt.UTC)
CHART = {
    "name": "by_day",
    "title": "Hồ sơ tiếp nhận theo ngày",
    "kind": "line",
    "labels": ["01/09", "02/09", "</div>"],
    "series": [{"name": "Trực tuyến", "values": [5, 8, None]}, {"name": "O'Neill", "values": [2, 1, 1234.5]}],
    "unit": "hồ sơ",
}


def show(source: str, lang: str = "vi", **data: object) -> str:
    return layout.environment(None, lang).from_string(source).render(**data)


@pytest.mark.parametrize(
    ("source", "vi", "en"),
    [
        ("{{ v | day }}", "05/09/2026", "05/09/2026"),
        ("{{ v | moment }}", "05/09/2026 01:30", "05/09/2026 01:30"),
        ("{{ v | weekday }}", "thứ Bảy", "Saturday"),
        ("{{ 1234.5 | number }}", "1.234,5", "1,234.5"),
        ("{{ 1234567 | number }}", "1.234.567", "1,234,567"),
        ("{{ 2 | number(1) }}", "2,0", "2.0"),
        ("{{ none | number }}", "–", "–"),
        ("{{ 0.985 | percent }}", "98,5%", "98.5%"),
        ("{{ 30000 | dong }}", "30.000 đồng", "30,000 đồng"),
        ("{{ none | dong }}", "chưa rõ", "not known"),
        ("{{ 0 | dong }}", "không thu", "free"),
        ("{{ t('Có', 'Yes') }}", "Có", "Yes"),
        ("{{ text | say }}", "Được", "Fine"),
    ],
)
def test_values_are_written_as_people_write_them(source: str, vi: str, en: str) -> None:
    data = {"v": MORNING, "text": Text("Được", "Fine")}
    assert (show(source, "vi", **data), show(source, "en", **data)) == (vi, en)


def test_typed_text_is_never_believed() -> None:
    bad = "<script>alert(1)</script>\n\nhai \" ' &"
    assert "<script" not in show('{{ x }}{{ x | paragraphs }}<a title="{{ x }}">', x=bad)
    assert show("{{ x | paragraphs }}", x="một\r\nhai\r\n\r\nba<") == "<p>một<br>hai</p><p>ba&lt;</p>"


def test_an_unknown_name_in_a_template_is_an_error() -> None:
    with pytest.raises(Exception, match="undefined"):
        show("{{ nothing }}")


def test_a_chart_and_its_table_say_the_same() -> None:
    html = show('{% from "chart.html" import chart %}{{ chart(c) }}', c=CHART)
    assert '</div>"' not in html and "\\u003c/div\\u003e" in html and "O\\u0027Neill" in html
    assert "&lt;/div&gt;" in html and "1.234,5" in html and "–" in html


@pytest.mark.parametrize("text", ["5/9/2026", "05-09-2026", "2026-09-05", " 5.9.2026 "])
def test_a_day_is_read_as_it_is_typed(text: str) -> None:
    assert layout.read_day(text) == dt.date(2026, 9, 5)
    assert layout.read_moment(f"{text.strip()} 01:30") == MORNING


@pytest.mark.parametrize("text", ["", "31/2/2026", "5/9", "tomorrow", "٥/٩/2026", "5/9/2026/1"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        layout.read_day(text)


@pytest.fixture
def site() -> TestClient:
    app = FastAPI()
    app.include_router(layout.router)
    app.state.service = SimpleNamespace(definition=SimpleNamespace(templates=HERE), settings=SimpleNamespace(demo=True))

    @app.get("/", response_class=HTMLResponse)
    def first(request: Request) -> Response:
        return layout.render(request, "problem.html", problem=PROBLEM)

    @app.post("/do")
    def done() -> Response:
        return layout.see_other("/", "Đã tiếp nhận <hồ sơ>")

    return TestClient(app, follow_redirects=False)


PROBLEM = {
    "status": 409,
    "title": "Không thể thực hiện",
    "detail": "Vì thế này",
    "code": "no",
    "instead": "Làm thế kia",
    "errors": [{"where": "a", "what": "Sai"}],
}


def test_language_is_chosen_and_kept(site: TestClient) -> None:
    assert '<html lang="vi">' in site.get("/").text
    assert '<html lang="en">' in site.get("/", headers={"accept-language": "en-GB,en;q=0.9"}).text
    answer = site.post("/language", data={"lang": "en", "back": "/x?y=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/x?y=1")
    kept = site.get("/")
    assert '<html lang="en">' in kept.text and kept.headers["content-language"] == "en"


@pytest.mark.parametrize("back", ["//evil.example", "/\\evil.example", "https://evil.example", ""])
def test_language_never_sends_elsewhere(site: TestClient, back: str) -> None:
    assert site.post("/language", data={"lang": "vi", "back": back}).headers["location"] == "/"


def test_what_was_done_is_said_once(site: TestClient) -> None:
    assert site.post("/do").status_code == 303
    assert "Đã tiếp nhận &lt;hồ sơ&gt;" in site.get("/").text
    assert "Đã tiếp nhận" not in site.get("/").text


@pytest.mark.parametrize("cookie", ["x", "%7B%7D", "[]", "%7B%22kind%22%3A1%2C%22text%22%3A1%7D", "null"])
def test_a_broken_flash_is_no_failure(site: TestClient, cookie: str) -> None:
    site.cookies.set(layout.FLASH_COOKIE, cookie)
    assert site.get("/").status_code == 200


def test_a_problem_says_what_why_and_what_instead(site: TestClient) -> None:
    text = site.get("/").text
    for each in ("Không thể thực hiện", "Vì thế này", "Làm thế kia", "Sai", "409 no", "Bản trình diễn"):
        assert each in text


def test_a_page_has_no_inline_script_or_style() -> None:
    officer = Actor(id="demo:desk_officer", roles=("desk_officer",))
    for lang in ("vi", "en"):
        html = layout.page(
            "gallery.html", folder=HERE, lang=lang, actor=officer, by_day=CHART, by_unit=CHART, by_channel=CHART
        )
        assert "<style" not in html and " style=" not in html and " onclick" not in html
        assert "<script>" not in html


def test_vendored_files_are_what_their_packages_have() -> None:
    lines = [line for line in (ROOT / "kernel/pages/VENDORED.md").read_text().splitlines() if line.endswith(" |")][2:]
    assert len(lines) >= 14
    for line in lines:
        name, *_, digest = (cell.strip() for cell in line.strip("|").split("|"))
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest, name
    listed = {line.split("|")[1].strip() for line in lines}
    found = {
        str(path.relative_to(ROOT))
        for folder in ("kernel/pages/static/vendor", "kernel/pages/static/fonts", "kernel/papers/fonts", "tests/vendor")
        for path in (ROOT / folder).iterdir()
        if path.suffix in (".js", ".css", ".woff2", ".ttf", ".json")
    }
    assert listed == found
