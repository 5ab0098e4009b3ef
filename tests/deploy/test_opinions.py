"""What the demo's people think is what the questionnaires ask, and its frame can be drawn from. (That the whole of it
plays takes a minute, for answers wait to be let go: `make demo` is the test of that.)"""

import random
from email.message import EmailMessage

import msgspec
import pytest

from deploy.demo import opinions
from schemas.surveys import Design
from services.surveys.api.catalogue import contents
from services.surveys.api.sampling import read_frame
from services.surveys.domain import questionnaire as q
from services.surveys.domain import sampling
from surveys.samples import PUBLISH, life

TOKEN = "1RP9MZ3S4V2K8Q7T5N6W0XHCDJ"


@pytest.mark.parametrize("content", contents(), ids=lambda each: each.key)
@pytest.mark.parametrize("situation", ["late", "in_time", "10A1"])
def test_whatever_somebody_thinks_the_questionnaire_takes_it(content, situation):
    (published,) = life(q.questionnaire, q.Publish(content=content, at=PUBLISH.at))
    asked = msgspec.json.decode(msgspec.json.encode(published.questions))
    for n in range(100):
        dice = random.Random(f"{situation} {n}")
        answers = opinions._thinks(asked, dice, dice.uniform(1, 5), situation)
        assert q.problems(published, ("thpt-le-loi", situation), answers) == []
        assert q.cleaned(published, ("thpt-le-loi", situation), answers).keys() == answers.keys(), "asked, and no more"


@pytest.mark.parametrize("count", [8, 40])
def test_its_frame_is_read_and_drawn_from(count):
    schools = read_frame(opinions._frame((f"thpt-{n}", f"Trường THPT số {n}, phố Huế") for n in range(count)))
    assert len(schools) == count and {each.stratum for each in schools} == set(opinions.STRATA)
    assert sampling.draw(schools, Design(classes=1, least_schools=3, response=0.75), "5eed", 150).chosen


def test_a_letter_is_read_once_whether_it_came_by_mail_or_by_sms(tmp_path):
    message = EmailMessage()
    message["subject"] = "Mời góp ý"
    message.set_content(f"Kính gửi,\n\nTrả lời tại đây: http://127.0.0.1:8405/phieu/{TOKEN}\n")
    (tmp_path / "1.eml").write_bytes(bytes(message))
    (tmp_path / "2.json").write_text(f'{{"text": "mời góp ý: https://x/phieu/{TOKEN}"}}', encoding="utf-8")
    (tmp_path / "3.eml").write_bytes(b"Subject: other\n\nnothing to answer")
    seen: set[str] = set()
    assert opinions._letters(tmp_path, seen) == [("1.eml", TOKEN), ("2.json", TOKEN)]
    assert opinions._letters(tmp_path, seen) == []
