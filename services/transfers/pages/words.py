"""The words of the pages: what steps, states, grounds and codes of the exchange are called."""

from collections.abc import Iterable, Mapping

from kernel.decider import Text
from kernel.edoc.message import STATUS_TEXTS
from services.transfers.domain.wording import SUBJECTS

STATUS: Mapping[str, Text] = {
    "undescribed": Text("Chờ nhập thông tin", "To be described"),
    "requested": Text("Chờ tiếp nhận", "To be received"),
    "open": Text("Đang giải quyết", "In process"),
    "granted": Text("Đã đồng ý, đang chuyển hồ sơ", "Granted, the records are on their way"),
    "completed": Text("Đã chuyển trường", "Transferred"),
    "refused": Text("Không đồng ý", "Refused"),
    "closed": Text("Đã dừng", "Ended"),
}
TONE: Mapping[str, str] = {
    "undescribed": "wait",
    "requested": "wait",
    "open": "going",
    "granted": "good",
    "completed": "good",
    "refused": "bad",
    "closed": "over",
}
KIND: Mapping[str, Text] = {
    "": Text("Chưa xác định", "Not known yet"),
    "in_province": Text("Trong tỉnh", "Within the province"),
    "from_province": Text("Từ tỉnh khác đến", "From another province"),
    "to_province": Text("Đi tỉnh khác", "To another province"),
    "from_abroad": Text("Từ nước ngoài về", "From abroad"),
}
SCHOOL_TYPE: Mapping[str, Text] = {
    "public": Text("công lập", "public"),
    "private": Text("tư thục", "private"),
    "specialised": Text("chuyên", "specialised"),
    "continuing": Text("giáo dục thường xuyên", "continuing education"),
    "abroad": Text("ở nước ngoài", "abroad"),
}
REASON: Mapping[str, Text] = {
    "moved_home": Text("Chuyển nơi ở", "The family moved"),
    "parents_work": Text("Cha mẹ chuyển công tác", "The parents' work"),
    "disadvantaged_area": Text(
        "Theo gia đình đến vùng đặc biệt khó khăn, nơi không có trường tư thục",
        "Moved to a specially disadvantaged area without a private school",
    ),
    "no_equivalent_private": Text(
        "Nơi đến không có trường tư thục tương đương", "No equivalent private school at the destination"
    ),
    "other": Text("Lý do khác", "Another reason"),
}
STEP: Mapping[str, Text] = {
    "release": Text("Trường nơi đi đồng ý", "The releasing school consents"),
    "introduce": Text("Sở giới thiệu về trường", "The Department introduces"),
    "consult": Text("Xin ý kiến lãnh đạo Sở", "The Department's leadership is asked"),
    "accept": Text("Trường nơi đến tiếp nhận", "The receiving school decides"),
    "records": Text("Trường nơi đi bàn giao hồ sơ", "The releasing school hands the records over"),
    "placement": Text("Trường nơi đến xếp lớp", "The receiving school places the pupil"),
}
STEP_STATUS: Mapping[str, Text] = {
    "waiting": Text("Chưa đến lượt", "Not yet"),
    "open": Text("Đang chờ", "Waiting"),
    "consented": Text("Đã đồng ý", "Consented"),
    "done": Text("Đã xong", "Done"),
    "refused": Text("Không đồng ý", "Refused"),
    "dropped": Text("Không cần nữa", "Not needed any more"),
}
STEP_TONE: Mapping[str, str] = {
    "waiting": "plain",
    "open": "going",
    "consented": "good",
    "done": "good",
    "refused": "bad",
    "dropped": "over",
}
SPECIAL: Mapping[str, Text] = {
    "private_to_public": Text("Từ trường tư thục sang công lập", "From a private to a public school"),
    "specialised": Text("Vào trường chuyên", "Into a specialised school"),
    "outside_window": Text("Ngoài thời gian quy định", "Outside the windows"),
    "raised": Text("Đơn vị đề nghị xem xét", "Raised by an officer"),
}
GROUND: Mapping[str, Text] = {
    "head_refused": Text("Hiệu trưởng không đồng ý", "A head refused"),
    "not_consented": Text("Lãnh đạo Sở không đồng ý", "The leadership did not consent"),
    "already_transferring": Text("Đang có hồ sơ chuyển trường khác", "Another request is open"),
    "same_school": Text("Trường đến trùng trường đi", "It is the same school"),
    "not_there": Text("Học sinh không học ở trường đi", "The pupil is not at that school"),
    "no_place": Text("Lớp không còn chỗ", "The class is full"),
    "wrong_grade": Text("Khối lớp không phù hợp", "The wrong grade"),
    "private_to_public": Text("Không thuộc diện từ tư thục sang công lập", "No ground for private to public"),
    "documents_missing": Text("Thiếu giấy tờ", "Documents are missing"),
    "resolved": Text("Đã trả kết quả ở một cửa", "Answered at the one-stop"),
    "withdrawn": Text("Người nộp rút hồ sơ", "Withdrawn"),
    "stopped": Text("Dừng giải quyết", "Stopped"),
    "not_accepted": Text("Không tiếp nhận hồ sơ", "Not accepted"),
}
FINDING: Mapping[str, Text] = {
    "outside_window": Text("Thời gian nộp", "The window"),
    "reason": Text("Lý do chuyển trường", "The reason"),
    "subjects": Text("Môn học lựa chọn", "Elective subjects"),
    "same_school": Text("Trường đi khác trường đến", "Two different schools"),
    "private_to_public": Text("Từ trường tư thục sang công lập", "From private to public"),
    "specialised": Text("Trường chuyên", "Specialised school"),
    "wrong_grade": Text("Khối lớp", "Grade"),
}
OPINION: Mapping[str, Text] = {
    "approved": Text("Đồng ý", "Approved"),
    "refused": Text("Không đồng ý", "Refused"),
}
DOCUMENT_STATUS: Mapping[str, Text] = {
    "queued": Text("Chờ gửi", "To be sent"),
    "sent": Text("Đã gửi", "Sent"),
    "failed": Text("Không gửi được", "Not taken"),
}
DOCUMENT_KIND: Mapping[str, Text] = {
    "consultation": Text("Văn bản xin ý kiến", "Consultation"),
    "reply": Text("Văn bản trả lời", "Reply"),
}
CODE: Mapping[str, Text] = {code.value: text for code, text in STATUS_TEXTS.items()}
PAPER: Mapping[str, Text] = {
    "record": Text("Học bạ", "School record"),
    "admission": Text("Giấy trúng tuyển lớp đầu cấp", "Certificate of admission"),
    "introduction": Text("Giấy giới thiệu của trường nơi đi", "Introduction of the releasing school"),
    "department_introduction": Text("Giấy giới thiệu của Sở nơi đi", "Introduction of the releasing Department"),
    "application": Text("Đơn xin chuyển trường", "Application"),
    "summary": Text("Bản tóm tắt kết quả học tập", "Summary of results"),
    "individual_plan": Text("Kế hoạch giáo dục cá nhân", "Individual plan"),
}

WAITS: Mapping[str, Text] = {
    "class": Text("chưa chọn lớp", "no class chosen"),
    "place": Text("lớp chưa có chỗ", "waits for a place"),
    "answer": Text("chờ Sở trả lời", "waits for the answer"),
}
ARRIVAL: Mapping[str, Text] = {
    "unreadable": Text("Không đọc được", "Can't be read"),
    "unknown": Text("Không thuộc hồ sơ nào", "Belongs to nothing known"),
    "answer_to_be_read": Text("Văn bản trả lời cần người đọc", "An answer to be read"),
    "change_asked": Text("Bên gửi thu hồi hoặc sửa văn bản", "Its sender takes it back or changes it"),
}
MEDIA: Mapping[str, Text] = {
    "application/pdf": Text("PDF", "PDF"),
    "image/png": Text("ảnh PNG", "PNG image"),
    "image/jpeg": Text("ảnh JPEG", "JPEG image"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": Text("DOCX", "DOCX"),
    "application/octet-stream": Text("không rõ loại", "unknown type"),
}
SUBJECT = SUBJECTS
FIELD: Mapping[str, Text] = {
    "signer": Text("Người ký", "Signed by"),
    "reason": Text("Lý do", "Reason"),
    "why": Text("Lý do sửa", "Why"),
    "subject": Text("V/v", "About"),
    "text": Text("Nội dung", "Text"),
    "number": Text("Số văn bản", "Number"),
    "document_number": Text("Số văn bản", "Number of the document"),
    "opinion": Text("Ý kiến", "Opinion"),
    "signed_on": Text("Ngày của văn bản", "Its date"),
    "scan": Text("Bản chụp văn bản", "Scan of the paper"),
    "name": Text("Tên", "Name"),
    "id_number": Text("Số định danh", "Identity number"),
    "from_school": Text("Từ trường", "From"),
    "to_school": Text("Đến trường", "To"),
    "from_type": Text("Loại hình trường đi", "Type of the school left"),
    "to_type": Text("Loại hình trường đến", "Type of the school entered"),
    "grade": Text("Khối", "Grade"),
    "year": Text("Năm học bắt đầu", "School year begins in"),
    "places": Text("Số chỗ", "Places"),
    "school": Text("Trường", "School"),
    "to": Text("Tài khoản của cấp phó", "The deputy's account"),
}
FAILURE: Mapping[str, Text] = {
    "no organisation id": Text("Đơn vị chưa có mã định danh trên trục liên thông", "The unit has no organisation id"),
    "no text": Text("Không còn nội dung văn bản", "There is no text"),
    "erased": Text("Dữ liệu của học sinh đã được xóa", "The pupil's data was erased"),
    "status 02: the other side refused it": Text("Bên nhận từ chối (trạng thái 02)", "The other side refused it (02)"),
}
TOPIC: Mapping[str, Text] = {
    "procedures": Text("Thủ tục", "Procedures"),
    "school_year": Text("Năm học", "School year"),
    "grades": Text("Khối lớp", "Grades"),
    "same_school": Text("Trường khác", "Another school"),
    "reasons": Text("Lý do được chuyển", "Reasons"),
    "windows": Text("Thời gian", "Windows"),
    "private_to_public": Text("Tư thục sang công lập", "Private to public"),
    "specialised": Text("Vào trường chuyên", "Specialised schools"),
    "documents": Text("Thành phần hồ sơ", "Documents"),
    "steps": Text("Ai quyết định", "Who decides"),
    "limit": Text("Thời hạn giải quyết", "Processing time"),
    "consult": Text("Xin ý kiến lãnh đạo Sở", "Consultation"),
    "raised": Text("Đề nghị xem xét đặc biệt", "Raised cases"),
    "one_request": Text("Mỗi học sinh một hồ sơ", "One request a pupil"),
    "at_school": Text("Đang học ở trường đi", "At the school they leave"),
    "records": Text("Bàn giao hồ sơ", "Records"),
    "placement": Text("Xếp lớp", "Placement"),
    "subjects": Text("Môn lựa chọn", "Electives"),
}

LOST: Mapping[str, Text] = {
    "earlier": Text("một hồ sơ nộp trước được xếp chỗ trước", "a request that was handed in earlier goes first"),
    "fewer": Text("nhà trường giảm số chỗ của lớp", "the class has fewer places now"),
    "": Text("lớp không còn chỗ khi quyết định", "there was no place when it was decided"),
}
"""Why a case lost the place that was kept for it."""
GONE = Text("[đã xóa theo yêu cầu]", "[erased]")
WHEN_ERASED = Text(
    "Việc không cần ghi lời vẫn làm tiếp được. Nếu hồ sơ không còn cần giải quyết, hãy dừng hồ sơ tại bộ phận một cửa:"
    " trường hợp chuyển trường tự kết thúc và trả lại chỗ học.",
    "What needs no words can still be done. Where the dossier is needed no longer, stop it at the one-stop desk: the"
    " transfer ends by itself and gives its place back.",
)


def finding(ground: str) -> Text:
    """What a finding is about: "document:record" is a paper."""
    kind, _, paper = ground.partition(":")
    return called(PAPER, paper) if kind == "document" else called(FINDING, ground)


def failure(reason: str) -> Text:
    """Why a letter could not be sent; what only a technician reads stands in brackets."""
    other = Text(f"Trục liên thông không nhận ({reason})", f"The exchange did not take it ({reason})")
    return FAILURE.get(reason, other)


def subjects(codes: Iterable[str]) -> Text:
    """Elective subjects in one line."""
    found = [called(SUBJECT, each) for each in codes]
    return Text(", ".join(each.vi for each in found), ", ".join(each.en for each in found))


def called(words: Mapping[str, Text], key: str) -> Text:
    """A word, or the code itself where nobody has named it yet."""
    return words.get(key, Text(key, key))
