"""The apology for a dossier that is late, or will be: its sentences, and the letter as PDF, DOCX, e-mail and SMS.

Two forms, told apart by their title in the rule pack: "Phiếu xin lỗi và hẹn lại ngày trả kết quả" (form 04 of Circular
01/2018/TT-VPCP) names a new day; "Phiếu xin lỗi và đề nghị gia hạn thời gian giải quyết" (under Decree 118/2025/NĐ-CP)
asks for more time. Layout by Decree 30/2020/NĐ-CP, Appendix I.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from kernel import paper, word
from kernel.layout import local, moment

BLANK_MOMENT = "..... giờ ..... phút, ngày ..... tháng ..... năm ........."


class Run(NamedTuple):
    """Some words of a paragraph, `strong` where they are bold."""

    text: str
    strong: bool = False


Paragraph: TypeAlias = Sequence[Run]


@dataclass(frozen=True, kw_only=True, slots=True)
class Apology:
    """The facts of one letter. Names are written out; moments are aware; "" is what there is none of.

    Without a `number` it is a draft, and `written_at` is when it was drafted, else when it was issued. `unit` answers
    for the dossier and signs, `received_by` took it in, `parent` stands above the unit. `promised_at` is the lawful due
    date; after it comes `new_due_at`, or `answered_at` where the dossier was answered meanwhile. Only a draft may have
    neither, and leaves the new day to be filled in. Raises ValueError for both, or for a letter with neither.
    """

    title: str
    unit: str
    written_at: dt.datetime
    addressee: str
    code: str
    procedure: str
    received_by: str
    received_at: dt.datetime
    promised_at: dt.datetime
    reason: str
    position: str
    new_due_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    number: str = ""
    form: str = ""
    parent: str = ""
    place: str = ""
    organisation: bool = False
    address: str = ""
    content: str = ""
    contact: str = ""
    contact_phone: str = ""
    signer: str = ""

    def __post_init__(self) -> None:
        if self.new_due_at and self.answered_at:
            raise ValueError("what is answered needs no new day")
        if self.number and not (self.new_due_at or self.answered_at):
            raise ValueError("a letter names a new day, or the day of the answer")

    @property
    def draft(self) -> bool:
        return not self.number

    @property
    def you(self) -> str:
        return "Quý tổ chức" if self.organisation else "Ông/Bà"

    @property
    def asks(self) -> bool:
        """Whether this form asks for more time; the older one names a new day."""
        return "gia hạn" in self.title.lower()


def pdf(apology: Apology) -> bytes:
    """The letter as PDF/A-2a and PDF/UA-1; the same facts give the same bytes."""
    return paper.pdf("apology", told(apology))


def docx(apology: Apology) -> bytes:
    """The letter as a Word file; the same facts give the same bytes."""
    return word.letter(told(apology))


def text(apology: Apology) -> str:
    """The letter as plain text, for the body of an e-mail."""
    head = [apology.parent, apology.unit]
    title = [apology.title + (f" (số {apology.number})" if apology.number else " (dự thảo)")]
    parts = [
        "\n".join(filter(None, head)),
        "\n".join(title),
        f"Kính gửi: {_addressee(apology)}",
        *("".join(run.text for run in each) for each in paragraphs(apology)),
        "\n".join(filter(None, (apology.position, apology.signer))),
    ]
    return "\n\n".join(parts) + "\n"


def short(apology: Apology) -> str:
    """The apology for an SMS: no name, no reason, nothing that others who see the screen need not know."""
    said = f"{apology.unit} xin lỗi {apology.you}: hồ sơ {apology.code}, hẹn trả {moment(apology.promised_at)}, "
    if apology.answered_at:
        said += f"đã có kết quả lúc {moment(apology.answered_at)}."
    else:
        said += f"{'đề nghị gia hạn đến' if apology.asks else 'hẹn lại'} {moment(apology.new_due_at) or '.....'}."
    if apology.number:
        said += f" Văn bản số {apology.number}."
    return said + (f" Liên hệ {apology.contact_phone}." if apology.contact_phone else "")


def paragraphs(apology: Apology) -> list[Paragraph]:
    """The body of the letter, from what was promised to the apology."""
    you, unit = apology.you, apology.unit
    received = [
        Run(f"Lúc {_moment(apology.received_at)}, {apology.received_by} đã tiếp nhận hồ sơ của {you} về thủ tục "),
        Run(apology.procedure, strong=True),
        Run("; mã số hồ sơ: "),
        Run(apology.code, strong=True),
        Run("."),
    ]
    wanted = apology.content.strip().rstrip(".")
    content = [Run(f"Nội dung yêu cầu giải quyết: {wanted}.")] if wanted else []
    promised = [Run("Thời gian hẹn trả kết quả: "), Run(_moment(apology.promised_at), strong=True), Run(".")]
    reasons = [each.strip() for each in apology.reason.splitlines() if each.strip()]
    return [
        received,
        *([content] if content else []),
        promised,
        _late(apology),
        *([Run(each)] for each in (["Lý do:", *reasons] if len(reasons) > 1 else [f"Lý do: {apology.reason.strip()}"])),
        [Run(f"Sự chậm trễ này làm ảnh hưởng đến công việc, thời gian và chi phí của {you}."), *_sorry(apology)],
        [Run(f"{unit} mong nhận được sự thông cảm của {you}.{_contact(apology)}/.")],
    ]


def _late(apology: Apology) -> Paragraph:
    unit, you = apology.unit, apology.you
    if apology.answered_at:
        return [
            Run("Tuy nhiên, đến "),
            Run(_moment(apology.answered_at), strong=True),
            Run(f", {unit} mới giải quyết xong hồ sơ của {you}, chậm so với thời gian đã hẹn."),
        ]
    if apology.written_at <= apology.promised_at:
        return [Run(f"Tuy nhiên, {unit} dự kiến chưa thể giải quyết xong hồ sơ của {you} đúng thời gian đã hẹn.")]
    return [Run(f"Tuy nhiên, đến nay {unit} chưa trả kết quả giải quyết hồ sơ của {you} đúng thời gian đã hẹn.")]


def _sorry(apology: Apology) -> Paragraph:
    sorry = f" {apology.unit} chân thành xin lỗi {apology.you}"
    if apology.answered_at:
        return [Run(f"{sorry}. Kết quả giải quyết hồ sơ được trả theo hình thức mà {apology.you} đã đăng ký.")]
    wish = "đề nghị gia hạn thời gian giải quyết hồ sơ đến" if apology.asks else "hẹn lại thời gian trả kết quả:"
    return [Run(f"{sorry} và {wish} "), Run(_moment(apology.new_due_at), strong=True), Run(".")]


def _contact(apology: Apology) -> str:
    phone = f"số điện thoại {apology.contact_phone}" if apology.contact_phone else ""
    whom = ", ".join(filter(None, (apology.contact, phone)))
    return f" Nếu cần trao đổi thêm, xin liên hệ {whom}." if whom else ""


def _moment(at: dt.datetime | None) -> str:
    """As Decree 30/2020 writes a day: a leading zero for days below 10 and for January and February."""
    if at is None:
        return BLANK_MOMENT
    here = local(at)
    month = f"{here.month:02}" if here.month < 3 else f"{here.month}"
    return f"{here:%H} giờ {here:%M} phút, ngày {here:%d} tháng {month} năm {here.year}"


def _addressee(apology: Apology) -> str:
    return apology.addressee if apology.organisation else f"Ông/Bà {apology.addressee}"


def told(apology: Apology) -> dict[str, object]:
    """What papers/apology.typ and word.letter must be told."""
    desk = [] if apology.received_by == apology.unit else [apology.received_by]
    recipients = ["Như trên", *desk, "Lưu: VT, hồ sơ"]
    return {
        "parent": apology.parent,
        "unit": apology.unit,
        "place": apology.place,
        "form": apology.form,
        "number": apology.number,
        "issued_at": apology.written_at,
        "title": apology.title,
        "draft": apology.draft,
        "addressee": _addressee(apology),
        "address": apology.address,
        "paragraphs": [[run._asdict() for run in each] for each in paragraphs(apology)],
        "signer_title": apology.position,
        "signer": apology.signer,
        "recipients": [f"{each};" for each in recipients[:-1]] + [f"{recipients[-1]}."],
    }
