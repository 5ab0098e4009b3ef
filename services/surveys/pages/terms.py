"""The words of managers' pages: what states, kinds and signals are called."""

from collections.abc import Mapping

from kernel.decider import Text

STATUS: Mapping[str, tuple[Text, str]] = {
    "planned": (Text("Đang chuẩn bị", "In preparation"), "wait"),
    "open": (Text("Đang mở", "Open"), "going"),
    "closed": (Text("Đã đóng, chờ chốt", "Closed, to be frozen"), "wait"),
    "frozen": (Text("Đã chốt kết quả", "Results frozen"), "good"),
    "cancelled": (Text("Đã hủy", "Cancelled"), "over"),
}
KIND: Mapping[str, Text] = {
    "yearly": Text("Hằng năm, rút mẫu trường và lớp", "Yearly, a sample of schools and classes"),
    "standing": Text("Thường xuyên, sau mỗi kết quả", "Standing, after each result"),
}
GROUP: Mapping[str, Text] = {
    "pupil": Text("Học sinh", "Pupils"),
    "parent": Text("Cha mẹ học sinh", "Parents"),
    "applicant": Text("Người nộp hồ sơ", "Applicants"),
}
SIGNAL: Mapping[str, Text] = {
    "burst": Text("Nhiều phiếu trong ít phút", "Many answers within minutes"),
    "straight": Text("Một mức cho mọi câu", "One level throughout"),
    "copies": Text("Phiếu giống hệt nhau", "Sheets wholly alike"),
}
VOIDING: Mapping[str, tuple[Text, str]] = {
    "proposed": (Text("Chờ duyệt", "Waits for approval"), "wait"),
    "approved": (Text("Đã loại", "Voided"), "bad"),
    "refused": (Text("Không loại", "Not voided"), "over"),
}
HIDDEN: Mapping[str, Text] = {
    "few": Text("dưới 5 người", "under 5 people"),
    "guard": Text("để không suy ra ô khác", "would give away another"),
}
LEVEL_COLOURS = ("#a33c24", "#e0a02b", "#c9c2b0", "#7fb0c0", "#0f6a8b")
FIELD: Mapping[str, Text] = {
    "title": Text("Tên đợt khảo sát", "Title"),
    "vi": Text("Tên đợt khảo sát", "Title"),
    "starts": Text("Ngày đầu", "First day"),
    "ends": Text("Ngày cuối", "Last day"),
    "batch": Text("Số phiếu mỗi lần công bố", "Answers let go together"),
    "target": Text("Mục tiêu mỗi nhóm", "Target of each stratum"),
    "remind_after": Text("Nhắc sau số ngày", "Remind after days"),
    "margin": Text("Sai số", "Margin"),
    "confidence": Text("Độ tin cậy", "Confidence"),
    "effect": Text("Hệ số thiết kế", "Design effect"),
    "response": Text("Tỉ lệ trả lời dự kiến", "Expected response"),
    "share": Text("Tỉ lệ dự kiến", "Expected share"),
    "classes": Text("Số lớp mỗi trường", "Classes a school"),
    "persons": Text("Số người mỗi lớp", "People a class"),
    "least_schools": Text("Số trường ít nhất mỗi nhóm", "Least schools of a stratum"),
    "reason": Text("Lý do", "Reason"),
    "questionnaire": Text("Mẫu phiếu", "Questionnaire"),
}
