"""The consultation letter as the system drafts it, from the facts alone (NĐ 30/2020/NĐ-CP, công văn "xin ý kiến"): of
what, why the case is special, what the rules find, what is asked. An officer may write another text."""

from collections.abc import Mapping, Sequence

from kernel.decider import Text
from schemas.transfers import Consultation, Facts, Finding, Reason, SchoolType, SpecialGround

TYPES: dict[SchoolType, str] = {
    "public": "công lập",
    "private": "tư thục",
    "specialised": "chuyên",
    "continuing": "giáo dục thường xuyên",
    "abroad": "ở nước ngoài",
}
REASONS: dict[Reason, str] = {
    "moved_home": "gia đình chuyển nơi cư trú",
    "parents_work": "cha, mẹ hoặc người giám hộ chuyển nơi công tác",
    "disadvantaged_area": (
        "chuyển nơi cư trú đến vùng có điều kiện kinh tế - xã hội đặc biệt khó khăn, nơi không có trường trung học"
        " phổ thông tư thục"
    ),
    "no_equivalent_private": (
        "chuyển nơi cư trú đến nơi không có trường trung học phổ thông tư thục có chất lượng tương đương với trường có"
        " thi tuyển đầu vào mà học sinh đang học"
    ),
    "other": "lý do khác, nêu trong đơn",
}
GROUNDS: dict[SpecialGround, str] = {
    "private_to_public": "chuyển từ trường trung học phổ thông tư thục sang trường trung học phổ thông công lập",
    "specialised": "chuyển vào trường trung học phổ thông chuyên",
    "outside_window": "chuyển trường ngoài thời gian quy định",
    "raised": "đơn vị đề nghị xem xét như trường hợp đặc biệt",
}
DOCUMENTS = {
    "application": "đơn xin chuyển trường",
    "record": "học bạ (bản chính)",
    "admission": "giấy chứng nhận trúng tuyển vào lớp đầu cấp",
    "introduction": "giấy giới thiệu chuyển trường của trường nơi đi",
    "department_introduction": "giấy giới thiệu chuyển trường của Sở Giáo dục và Đào tạo nơi đi",
    "summary": "bảng tổng hợp kết quả rèn luyện và học tập",
    "individual_plan": "kế hoạch giáo dục cá nhân",
}
"""What the papers of a dossier are called, by the codes of `Facts.documents`."""
SUBJECTS: Mapping[str, Text] = {
    "geography": Text("Địa lí", "Geography"),
    "economics_law": Text("Giáo dục kinh tế và pháp luật", "Economics and law"),
    "physics": Text("Vật lí", "Physics"),
    "chemistry": Text("Hóa học", "Chemistry"),
    "biology": Text("Sinh học", "Biology"),
    "technology": Text("Công nghệ", "Technology"),
    "informatics": Text("Tin học", "Informatics"),
    "music": Text("Âm nhạc", "Music"),
    "fine_arts": Text("Mĩ thuật", "Fine arts"),
}
"""What the elective subjects are called, by the codes of `Facts.subjects`."""


def consultation(
    facts: Facts,
    grounds: Sequence[SpecialGround],
    findings: Sequence[Finding],
    *,
    code: str,
    from_name: str,
    to_name: str,
    pupil: str = "",
) -> Consultation:
    """The text that asks the Department's leadership for its consent. Names are those of units or of schools elsewhere;
    `pupil` is the pupil's name, "" where the writer may not see it: then the letter names the dossier's code only."""
    who = f"số {code} của học sinh {pupil}" if pupil else f"số {code}"
    from_school = _school(from_name, facts.from_type, facts.from_place)
    to_school = _school(to_name, facts.to_type, facts.to_place)
    why = "; ".join(GROUNDS[each] for each in grounds)
    articles = dict.fromkeys(each.rule.basis for each in findings if each.special)
    paragraphs = [
        (
            f"Đơn vị đã tiếp nhận và kiểm tra hồ sơ chuyển trường {who}, xin chuyển từ {from_school} đến"
            f" {to_school}, vào lớp {facts.grade}. Lý do chuyển trường: {REASONS[facts.reason]}."
        ),
        f"Đây là trường hợp đặc biệt: {why}." + (f" Căn cứ: {'; '.join(articles)}." if articles else ""),
        *_papers(findings),
        *_subjects(facts, findings),
        (
            "Đơn vị kính đề nghị Lãnh đạo Sở xem xét, cho ý kiến bằng văn bản về việc chuyển trường nêu trên để đơn vị"
            " có cơ sở giải quyết các bước tiếp theo đúng quy định và đúng thời hạn."
        ),
        "Trân trọng./.",
    ]
    return Consultation(
        subject=f"Xin ý kiến về trường hợp chuyển trường đặc biệt, hồ sơ số {code}"[:500],
        text="\n\n".join(paragraphs)[:8000],
    )


def _school(name: str, type: SchoolType, place: str) -> str:
    where = f", {place}" if place else ""
    return f"{name or 'một trường'} ({TYPES[type]}){where}"


def _papers(findings: Sequence[Finding]) -> list[str]:
    asked = {each.ground.partition(":")[2]: each.holds for each in findings if each.ground.startswith("document:")}
    if not asked:
        return []
    missing = [DOCUMENTS.get(document, document) for document, there in asked.items() if not there]
    if not missing:
        return ["Thành phần hồ sơ đầy đủ theo quy định."]
    return [f"Hồ sơ còn thiếu: {', '.join(missing)}."]


def _subjects(facts: Facts, findings: Sequence[Finding]) -> list[str]:
    unfit = any(each.ground == "subjects" and not each.holds for each in findings)
    if not unfit:
        return []
    taken = ", ".join(SUBJECTS[each].vi if each in SUBJECTS else each for each in facts.subjects)
    return [
        f"Các môn học lựa chọn của học sinh ({taken}) chưa khớp với lớp dự kiến tiếp nhận; học sinh"
        " cần được học bổ sung trước khi vào học."
    ]
