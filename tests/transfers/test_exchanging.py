"""A consultation over the exchange, there and back, with an exchange that misbehaves in each of its ways."""

import datetime as dt
import io
import re
import zipfile
from typing import Any
from urllib.parse import quote

import pytest

from edoc_samples import key_file
from intake.desks import DEPARTMENT
from kernel.edoc.edxml import write
from kernel.edoc.exchange import open_exchange
from kernel.edoc.gateway import Gateway
from kernel.edoc.message import Attachment, Code, Envelope, MessageHeader, Organisation, Promulgation, ResponseFor
from kernel.post import Refused, Unreachable
from running import until
from services.transfers.api.exchanging import MISSES
from services.transfers.api.messages import LETTER
from transfers.conftest import FROM, Town, steps

pytestmark = pytest.mark.xdist_group("transfers")
ORGAN = "H99.12"  # the Department, in the units of the invented province
SCHOOL_ORGAN = "H99.12.101"
SPECIAL = {"from_type": "private", "reason": "no_equivalent_private"}


async def consulted(town: Town) -> str:
    """A special case whose consultation is signed: its id."""
    id = await town.asked(**SPECIAL)
    case = await town.case(id)
    assert case["special"] and steps(case)["consult"] == "open", steps(case)
    assert case["consultation"]["drafts"] == 1 and case["code"] in case["consultation"]["text"]
    await town.head().ok(f"/transfers/{id}/consultation/issue", signer="Trần Văn Hùng")
    await town.heard()
    return id


async def letters(town: Town, id: str) -> list[Any]:
    found = await town.head().read("/documents")
    return [each for each in found if each["application"] == id]


async def test_a_special_case_goes_there_and_back_by_itself(town):
    id = await consulted(town)
    [letter] = await letters(town, id)
    assert (letter["status"], letter["number"]) == ("queued", "01/THPTLL-VP")
    await town.exchanged()
    await town.exchanged()
    [letter] = await letters(town, id)
    assert letter["status"] == "sent" and letter["code"] == "03"
    [asked] = await town.leadership.read("/opinions")
    brief = await town.leadership.read(f"/opinions/{asked['document']}")
    assert brief["grounds"] == ["private_to_public"] and brief["pupil"] and brief["rule"]["basis"]
    assert brief["precedents"] == []
    given = await town.leadership.ok(f"/opinions/{asked['document']}/give", opinion="approved", signer="Lê Thị Thu Hà")
    assert given["reply_number"] == "01/SGDĐT-VP"
    await town.heard()
    await town.exchanged()
    await town.exchanged()
    case = await town.case(id)
    assert case["reply"]["opinion"] == "approved" and steps(case)["consult"] == "consented"
    assert steps(case)["accept"] == "open"
    sent = await letters(town, id)
    assert {each["kind"]: each["code"] for each in sent} == {"consultation": "06", "reply": "06"}
    assert await town.head().read("/arrivals") == []
    documents = town.exchange.documents()
    assert len(documents) == 2


async def asked(town: Town, id: str) -> Any:
    """The consultation of a case at the Department, after as many turns as it takes."""
    for _ in range(6):
        await town.exchanged()
        found = [each for each in await town.leadership.read("/opinions") if each["application"] == id]
        if found:
            return found
    raise AssertionError("the consultation did not arrive")


@pytest.mark.parametrize(
    ("mood", "call", "left"),
    [
        ("busy", None, 3),
        ("lose", "send", 2),
        ("lose", "acknowledge", 2),
        ("lose", "list", 1),
        ("repeat", None, 3),
        ("shuffle", None, 5),
    ],
)
async def test_however_the_exchange_misbehaves_the_department_sees_one_consultation(town, mood, call, left):
    id = await consulted(town)
    town.manner.mood, town.manner.call, town.manner.left = mood, call, left
    found = await asked(town, id)
    for _ in range(4):
        await town.exchanged()
    assert len(found) == 1 and town.manner.mood == "kind"
    [letter] = await letters(town, id)
    assert (letter["status"], letter["code"]) == ("sent", "03")
    assert [each["code"] for each in letter["statuses"]] == ["03"]
    there = [each for each in town.exchange.documents() if each["document_id"] == letter["document"]]
    assert len(there) == 1, "the office sees one document"
    assert await town.leadership.read("/arrivals") == []


async def test_a_crash_between_sent_and_written_down_sends_the_same_document_again(town, monkeypatch):
    id = await consulted(town)
    service = town.transfers.service
    do = service.do

    async def dies(decider: Any, stream: str, command: Any, **more: Any) -> Any:
        if type(command).__name__ == "MarkSent":
            raise RuntimeError("killed here")
        return await do(decider, stream, command, **more)

    monkeypatch.setattr(service, "do", dies)
    await town.exchanged()
    [letter] = await letters(town, id)
    assert letter["status"] == "queued" and len(there(town, letter)) == 1, "sent, and not written down"
    monkeypatch.undo()
    assert len(await asked(town, id)) == 1
    [letter] = await letters(town, id)
    assert letter["status"] == "sent"
    [sent] = there(town, letter)
    assert sent["times"] == 2


def there(town: Town, letter: Any) -> list[Any]:
    """A letter as the exchange has it."""
    return [each for each in town.exchange.documents() if each["document_id"] == letter["document"]]


async def test_what_the_exchange_refuses_is_a_dead_letter_until_somebody_sends_it_anew(town):
    id = await consulted(town)
    town.manner.mood, town.manner.call, town.manner.left = "refuse", "send", 1
    await town.exchanged()
    [dead] = [each for each in await town.head().read("/documents", status="failed") if each["application"] == id]
    assert "refused" in dead["failure"]
    page = (await town.head().with_(accept="text/html").get("/lien-thong")).text
    assert "Văn bản không gửi được" in page and dead["number"] in page
    other = await town.head(FROM).post(f"/documents/{dead['document']}/requeue")
    assert other.status_code == 403
    again = await town.head().ok(f"/documents/{dead['document']}/requeue")
    assert (again["status"], again["requeued"]) == ("queued", 1)
    await town.heard()
    assert len(await asked(town, id)) == 1
    twice = await town.head().post(f"/documents/{dead['document']}/requeue")
    assert (twice.status_code, twice.json()["code"]) == (409, "not_failed")


async def test_a_letter_that_a_person_sends_anew_is_another_sending_of_the_same_document(town, monkeypatch):
    id = await consulted(town)
    [letter] = await letters(town, id)
    send, names = Gateway.send, []

    async def noted(self: Gateway, name: str, message: bytes, kind: str = "edoc") -> None:
        if kind == "edoc" and letter["document"] in name:
            names.append(name)
            if len(names) == 1:
                raise Refused("once")
        await send(self, name, message, kind)

    monkeypatch.setattr(Gateway, "send", noted)
    await town.exchanged()
    await town.head().ok(f"/documents/{letter['document']}/requeue")
    await town.heard()
    await town.exchanged()
    assert len(set(names)) == 2, "a folder or a gateway that keeps what it had would not take it again"
    assert len(there(town, letter)) == 1


async def test_what_belongs_to_nothing_is_set_aside_and_never_lost(town):
    sender = Organisation(id="H01.12", name="Sở ở tỉnh khác")
    receiver = Organisation(id=ORGAN)
    header = MessageHeader(
        sender=sender,
        receivers=(receiver,),
        code=Code(number="7", notation="SGDĐT-VP"),
        promulgation=Promulgation(on=dt.date(2026, 8, 20)),
        type=LETTER,
        subject="Về một việc khác",
        document_id="H01.12,2026/08/20,7/SGDĐT-VP",
    )
    way = open_exchange(town.transfers.service.settings, "H01.12")
    assert way is not None
    await way.send(header.document_id, write(Envelope(header=header)))
    for _ in range(2):
        await town.exchanged()
    [one] = await town.leadership.read("/arrivals")
    assert (one["reason"], one["sender"], one["unit"]) == ("unknown", "H01.12", DEPARTMENT)
    content = await town.leadership.get(f"/arrivals/{one['arrival']}/content")
    assert "Về một việc khác" in content.text
    lies = [each.read_bytes() for each in (town.transfers.service.settings.blobs / "arrivals").iterdir()]
    assert lies and not any("Về một việc khác".encode() in each for each in lies), "nobody reads it on the disk"
    assert (await town.head().get(f"/arrivals/{one['arrival']}/content")).status_code == 403
    page = (await town.leadership.with_(accept="text/html").get("/lien-thong")).text
    assert "Văn bản đến cần người xem" in page
    clerk = town.transfers.by("desk_officer", unit=DEPARTMENT)
    await clerk.ok(f"/arrivals/{one['arrival']}/settle")
    await town.heard()
    assert await town.leadership.read("/arrivals") == []


async def test_an_unreadable_message_is_set_aside_and_the_next_ones_are_heard(town, monkeypatch):
    await consulted(town)
    fetch, spoilt = Gateway.fetch, []

    async def damaged(self: Gateway, found: str) -> bytes:
        content = await fetch(self, found)
        if not spoilt and b"AttachmentEncoded" in content:
            spoilt.append(found)
            return content[: len(content) // 2]
        return content

    monkeypatch.setattr(Gateway, "fetch", damaged)
    for _ in range(3):
        await town.exchanged()
    [bad] = [each for each in await town.leadership.read("/arrivals") if each["reason"] == "unreadable"]
    assert spoilt and bad["fault"] and bad["unit"] == DEPARTMENT
    next_one = await consulted(town)
    assert len(await asked(town, next_one)) == 1


async def test_a_recall_after_receipt_is_noted_and_shown_to_a_person(town):
    town.manner.mood, town.manner.call, town.manner.left = "recall", None, 1
    id = await consulted(town)
    await asked(town, id)
    for _ in range(2):
        await town.exchanged()
    [letter] = await letters(town, id)
    assert [each["code"] for each in letter["statuses"]] == ["03", "13"]
    found = [each for each in await town.leadership.read("/arrivals") if each["application"] == id]
    assert [each["reason"] for each in found] == ["change_asked"]


async def test_an_answer_in_words_alone_waits_for_a_person_who_enters_it(town):
    id = await consulted(town)
    await asked(town, id)
    [letter] = await letters(town, id)
    header = MessageHeader(
        sender=Organisation(id=ORGAN, name="Sở Giáo dục và Đào tạo"),
        receivers=(Organisation(id=SCHOOL_ORGAN),),
        code=Code(number="21", notation="SGDĐT-VP"),
        promulgation=Promulgation(on=dt.date(2026, 8, 21)),
        type=LETTER,
        subject="Trả lời",
        content="Sở đồng ý.",
        response_for=(ResponseFor(organ_id=SCHOOL_ORGAN, document_id=letter["document"]),),
        document_id=f"{ORGAN},2026/08/21,21/SGDĐT-VP",
    )
    way = open_exchange(town.transfers.service.settings, ORGAN)
    assert way is not None
    await way.send(header.document_id, write(Envelope(header=header)))
    for _ in range(2):
        await town.exchanged()
    [one] = [each for each in await town.head().read("/arrivals") if each["application"] == id]
    assert (one["reason"], one["number"]) == ("answer_to_be_read", "21/SGDĐT-VP")
    assert steps(await town.case(id))["consult"] == "open", "no program guesses consent"
    body = await town.on_paper(number=one["number"])
    silent = await town.head().post(f"/transfers/{id}/reply", **body)
    assert silent.status_code == 422 and "phải ghi lý do" in silent.json()["detail"], "it was asked over the exchange"
    body["reason"] = "Sở chỉ trả lời bằng lời trong văn bản."
    case = await town.head().ok(f"/transfers/{id}/reply", **body)
    assert steps(case)["accept"] == "open" and case["reply"]["reason"] == body["reason"]
    brief = await town.leadership.read(f"/opinions/{letter['document']}")
    assert brief["by_hand"] == "test:unit_head" and brief["by_hand_number"] == one["number"]
    await town.heard()
    for who, path in ((town.leadership, f"/xin-y-kien/{letter['document']}"), (town.head(), "/lien-thong")):
        page = await who.with_(accept="text/html").get(path)
        assert "do test:unit_head nhập tay ngày 21/08/2026" in " ".join(re.sub("<[^>]*>", " ", page.text).split()), path
    late = await town.leadership.post(
        f"/opinions/{letter['document']}/give", opinion="refused", reason="Không đủ điều kiện.", signer="Lê Thị Thu Hà"
    )
    assert late.status_code == 409 and "21/SGDĐT-VP" in late.json()["detail"], "the case went on by the other answer"


async def test_an_answer_that_is_only_in_its_files_is_read_from_them_and_none_of_them_runs(town):
    id = await consulted(town)
    await asked(town, id)
    [letter] = await letters(town, id)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        zipped.writestr("x", b"%PDF-1.7 so dong y")
    header = MessageHeader(
        sender=Organisation(id=ORGAN, name="Sở Giáo dục và Đào tạo"),
        receivers=(Organisation(id=SCHOOL_ORGAN),),
        code=Code(number="23", notation="SGDĐT-VP"),
        promulgation=Promulgation(on=dt.date(2026, 8, 21)),
        type=LETTER,
        subject="Trả lời",
        response_for=(ResponseFor(organ_id=SCHOOL_ORGAN, document_id=letter["document"]),),
        document_id=f"{ORGAN},2026/08/21,23/SGDĐT-VP",
    )
    files = (
        Attachment(name="Trả lời.pdf", content=packed.getvalue(), kind="application/zip"),
        Attachment(name="xem.html", content=b"<script>alert(1)</script>", kind="text/html"),
    )
    way = open_exchange(town.transfers.service.settings, ORGAN)
    assert way is not None
    await way.send(header.document_id, write(Envelope(header=header, attachments=files)))
    for _ in range(2):
        await town.exchanged()
    [one] = [each for each in await town.head().read("/arrivals") if each["application"] == id]
    where = f"/arrivals/{one['arrival']}"
    said = await town.head().read(f"{where}/message")
    assert said["readable"] and said["promulgated_on"] == "2026-08-21"
    assert [(each["name"], each["media_type"]) for each in said["files"]] == [
        ("Trả lời.pdf", "application/pdf"),
        ("xem.html", "application/octet-stream"),
    ]
    pdf = await town.head().get(f"{where}/files/1")
    assert pdf.content == b"%PDF-1.7 so dong y" and pdf.headers["content-type"] == "application/pdf"
    assert quote("Trả lời.pdf") in pdf.headers["content-disposition"]
    page = await town.head().get(f"{where}/files/2")
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in page.headers.get_list("content-security-policy")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert (await town.head().get(f"{where}/files/3")).status_code == 404
    assert (await town.head(FROM).get(f"{where}/files/1")).status_code == 403
    shown = await town.head().with_(accept="text/html").get(f"/lien-thong/den/{one['arrival']}")
    assert shown.is_success and "Trả lời.pdf" in shown.text and f"{where}/files/1" in shown.text


async def test_nobody_enters_by_hand_what_the_leadership_did_not_sign(town):
    id = await consulted(town)
    [found] = await asked(town, id)
    given = await town.leadership.ok(
        f"/opinions/{found['document']}/give", opinion="refused", reason="Không đủ điều kiện.", signer="Lê Thị Thu Hà"
    )
    body = await town.on_paper(number="22/SGDĐT-VP", reason="Trục liên thông tạm dừng.")
    other = await town.head().post(f"/transfers/{id}/reply", **body)
    assert other.status_code == 409 and given["reply_number"] in other.json()["detail"]
    await town.heard()
    for _ in range(2):
        await town.exchanged()
    case = await town.case(id)
    assert (case["status"], case["ground"]) == ("refused", "not_consented")


async def test_a_status_that_is_refused_for_good_holds_up_no_letter(town, monkeypatch):
    id = await consulted(town)
    send = Gateway.send

    async def no_statuses(self: Gateway, name: str, message: bytes, kind: str = "edoc") -> None:
        if kind == "status":
            raise Refused("422 M.unknown_document")
        await send(self, name, message, kind)

    monkeypatch.setattr(Gateway, "send", no_statuses)
    [found] = await asked(town, id)
    await town.leadership.ok(f"/opinions/{found['document']}/give", opinion="approved", signer="Lê Thị Thu Hà")
    await town.heard()
    for _ in range(2):
        await town.exchanged()
    assert (await town.case(id))["reply"]["opinion"] == "approved"
    assert {each["status"] for each in await letters(town, id)} == {"sent"}


async def test_what_can_not_be_fetched_is_asked_for_ever_more_seldom(town, monkeypatch):
    await consulted(town)

    async def too_large(self: Gateway, found: str) -> bytes:
        raise Refused("the gateway's answer is too large")

    monkeypatch.setattr(Gateway, "fetch", too_large)
    await town.exchanged()
    waits = [key for key in town.errand.again if key.startswith(f"hear {DEPARTMENT} ")]
    assert waits and all(town.errand.again.waits(key) for key in waits)
    monkeypatch.undo()
    await town.exchanged()
    assert not any(key.startswith(f"hear {DEPARTMENT} ") for key in town.errand.again)


async def test_an_exchange_that_is_not_there_is_left_alone_until_the_next_turn(town, monkeypatch):
    """Each try may cost half a minute, and there are as many as there are schools."""
    asked = 0

    async def hangs(self: Gateway) -> list[str]:
        nonlocal asked
        asked += 1
        raise Unreachable("no answer in 30 seconds")

    monkeypatch.setattr(Gateway, "received", hangs)
    town.errand.again.clear()
    town.errand.swept = float("-inf")
    await town.exchanged()
    assert asked == MISSES
    monkeypatch.undo()
    await town.exchanged()
    assert town.errand.missed == 0


async def test_a_slow_gateway_and_signed_letters_come_to_one_letter_on_each_side(town, monkeypatch, tmp_path):
    """A letter that was slow is signed anew when it is sent again, so its bytes differ; it is the same letter."""
    pem = key_file("ec")
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "trust").mkdir()
    for organ in (ORGAN, SCHOOL_ORGAN):
        (tmp_path / "trust" / f"{organ}.pem").write_bytes(pem[pem.index(b"-----BEGIN CERT") :])
    signs = {"edoc_signer": tmp_path / "key.pem", "edoc_trust": tmp_path / "trust", "edoc_seconds": 0.5}
    service = town.transfers.service
    monkeypatch.setattr(service, "settings", service.settings.model_copy(update=signs))
    monkeypatch.setattr(town.manner, "slowness", 1.0)
    left: list[bytes] = []
    send = Gateway.send

    async def seen(self: Gateway, name: str, message: bytes, kind: str = "edoc") -> None:
        if kind == "edoc":
            left.append(message)
        await send(self, name, message, kind)

    monkeypatch.setattr(Gateway, "send", seen)
    id = await consulted(town)
    town.manner.mood, town.manner.call, town.manner.left = "slow", "send", 2
    [found] = await asked(town, id)
    [letter] = await letters(town, id)
    assert len(set(left)) == len(left) >= 2 and all(b"SignatureValue" in each for each in left)

    async def all_came() -> bool:
        return [each["times"] for each in there(town, letter)] == [len(left)]

    await until(all_came, "what the slow gateway was handed")
    given = {"opinion": "approved", "signer": "Lê Thị Thu Hà"}
    await town.leadership.ok(f"/opinions/{found['document']}/give", **given)
    await town.heard()
    town.manner.mood, town.manner.call, town.manner.left = "slow", "send", 1
    for _ in range(5):
        await town.exchanged()
    case = await town.case(id)
    assert case["reply"]["opinion"] == "approved" and steps(case)["accept"] == "open"
    assert len(there(town, letter)) == 1 and len(await asked_all(town, id)) == 1
    for unit in (town.leadership, town.head()):
        assert [each for each in await unit.read("/arrivals") if each["application"] == id] == []


async def asked_all(town: Town, id: str) -> list[Any]:
    """All consultations of a case at the Department, answered or not."""
    lists = [await town.leadership.read("/opinions", state=state) for state in ("asked", "given")]
    return [each for found in lists for each in found if each["application"] == id]
