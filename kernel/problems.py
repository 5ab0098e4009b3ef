"""What goes wrong, said to people: RFC 9457 problem details in Vietnamese or English. What, where, and what to do."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from kernel.decider import Rejected, Text

TITLES: Mapping[int, Text] = {
    400: Text("Yêu cầu không đọc được", "The request can't be read"),
    401: Text("Cần đăng nhập", "Sign in first"),
    403: Text("Không có quyền", "Not allowed"),
    404: Text("Không tìm thấy", "Not found"),
    405: Text("Phương thức không được hỗ trợ", "Method not allowed"),
    406: Text("Không có định dạng được yêu cầu", "Not available in that form"),
    409: Text("Không thể thực hiện lúc này", "Not possible now"),
    410: Text("Không còn nữa", "Gone"),
    413: Text("Dữ liệu gửi lên quá lớn", "Too large"),
    415: Text("Kiểu dữ liệu không được hỗ trợ", "Unsupported kind of content"),
    422: Text("Thông tin chưa đúng", "Some of this is not right"),
    429: Text("Quá nhiều yêu cầu", "Too many requests"),
    500: Text("Hệ thống gặp lỗi", "Something failed on our side"),
    503: Text("Hệ thống tạm thời chưa sẵn sàng", "Not ready for the moment"),
}
_MEND = Text("Hãy sửa các mục được nêu rồi gửi lại.", "Mend what is named here, then send it again.")
_OTHER = Text("Yêu cầu không thực hiện được", "The request can't be done")

UNREADABLE = Text(
    "Hãy gửi trọn vẹn nội dung, là JSON hoặc biểu mẫu, mã hóa UTF-8.",
    "Send the whole content, as JSON or as a form, in UTF-8.",
)
CHANGED = Text(
    "Hồ sơ vừa được người khác cập nhật. Hãy tải lại trang, xem nội dung mới rồi thực hiện lại.",
    "Someone else has just changed this. Load the page again, read what is new, then try again.",
)
KEY_REUSED = Text(
    "Mã Idempotency-Key này đã dùng cho một yêu cầu khác. Hãy dùng mã mới cho yêu cầu mới.",
    "This Idempotency-Key was used for another request. Use a new key for a new request.",
)
ERASED = Text(
    "Dữ liệu cá nhân của người này đã được xóa theo yêu cầu; không thể ghi thêm vào hồ sơ cũ.",
    "This person's data was erased; nothing more can be written under it.",
)
OUTSIDE = Text(
    "Lịch làm việc chưa có đến ngày này; không tính được ngày hẹn trả.",
    "The calendar of working days does not reach that day, so no appointment can be counted.",
)
DAMAGED = Text(
    "Tệp đã lưu bị hỏng nên không mở được; nội dung hồ sơ không đổi.",
    "The stored file is damaged and can't be opened; the rest of the dossier is as it was.",
)
DAMAGED_INSTEAD = Text(
    "Báo người vận hành khôi phục tệp từ bản sao lưu, hoặc gửi lại tệp đó.",
    "Ask the operator to restore the file from a backup, or send that file again.",
)
LATER = Text("Hãy thử lại sau ít phút; chưa có gì được ghi nhận.", "Try again in a few minutes; nothing was recorded.")
MAYBE = Text(
    "Hãy gửi lại với cùng mã Idempotency-Key: nếu lần trước đã được ghi nhận thì kết quả cũ được trả lại.",
    "Send it again with the same Idempotency-Key: if it was recorded the first time, that answer is returned.",
)

# pydantic's kinds of error, to the words of a form. `{…}` are filled from the error's context.
_FIELD: Mapping[str, Text] = {
    "missing": Text("Mục này bắt buộc phải có", "This is required"),
    "extra_forbidden": Text("Mục này không có trong mẫu", "This is not part of the form"),
    "unexpected_keyword_argument": Text("Mục này không có trong mẫu", "This is not part of the form"),
    "missing_keyword_only_argument": Text("Mục này bắt buộc phải có", "This is required"),
    "string_type": Text("Phải là chữ", "Must be text"),
    "string_too_short": Text("Cần ít nhất {min_length} ký tự", "At least {min_length} characters"),
    "string_too_long": Text("Tối đa {max_length} ký tự", "At most {max_length} characters"),
    "string_pattern_mismatch": Text("Không đúng dạng thức", "Not in the right form"),
    "string_unicode": Text("Có ký tự không hợp lệ", "Has a character that is not valid"),
    "int_type": Text("Phải là số nguyên", "Must be a whole number"),
    "int_parsing": Text("Phải là số nguyên", "Must be a whole number"),
    "greater_than_equal": Text("Phải từ {ge} trở lên", "Must be {ge} or more"),
    "finite_number": Text("Phải là một số", "Must be a number"),
    "less_than": Text("Phải trước {lt}", "Must be less than {lt}"),
    "less_than_equal": Text("Phải từ {le} trở xuống", "Must be {le} or less"),
    "bool_type": Text("Phải là có hoặc không", "Must be true or false"),
    "bool_parsing": Text("Phải là có hoặc không", "Must be true or false"),
    "literal_error": Text("Chỉ nhận: {expected}", "Only: {expected}"),
    "enum": Text("Chỉ nhận: {expected}", "Only: {expected}"),
    "date_type": Text("Phải là ngày, ví dụ 2026-05-10", "Must be a date such as 2026-05-10"),
    "date_parsing": Text("Phải là ngày, ví dụ 2026-05-10", "Must be a date such as 2026-05-10"),
    "date_from_datetime_parsing": Text("Phải là ngày, ví dụ 2026-05-10", "Must be a date such as 2026-05-10"),
    "datetime_type": Text("Phải là ngày giờ", "Must be a date and time"),
    "datetime_parsing": Text(
        "Phải là ngày giờ, ví dụ 2026-05-10T08:30:00+07:00", "Must be a time such as 2026-05-10T08:30:00+07:00"
    ),
    "datetime_from_date_parsing": Text(
        "Phải là ngày giờ, ví dụ 2026-05-10T08:30:00+07:00", "Must be a time such as 2026-05-10T08:30:00+07:00"
    ),
    "timezone_aware": Text("Giờ phải kèm múi giờ, ví dụ +07:00", "A time needs its zone, such as +07:00"),
    "uuid_parsing": Text("Mã không đúng dạng UUID", "Not a UUID"),
    "json_invalid": Text("Nội dung không phải JSON hợp lệ", "The body is not valid JSON"),
    "too_long": Text("Tối đa {max_length} mục", "At most {max_length} items"),
    "too_short": Text("Cần ít nhất {min_length} mục", "At least {min_length} items"),
    "list_type": Text("Phải là danh sách", "Must be a list"),
    "dict_type": Text("Phải là một nhóm thông tin", "Must be an object"),
    "model_attributes_type": Text("Phải là một nhóm thông tin", "Must be an object"),
    "dataclass_type": Text("Phải là một nhóm thông tin", "Must be an object"),
    "value_error": Text("{error}", "{error}"),
}
MOST_FIELDS = 50  # so that an answer is never much longer than what was sent
_FIELD_OTHER = Text("Không đúng", "Not right")


_TEXT = {"type": "string"}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "What is wrong, and what to do instead (RFC 9457), in Vietnamese or English by Accept-Language.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": _TEXT,
        "instead": _TEXT,
        "rule": _TEXT,
        "facts": {"type": "object"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"where": _TEXT, "what": _TEXT, "kind": _TEXT}},
        },
    },
}


def documented(status: int, code: str, detail: Text, **more: Any) -> dict[str, Any]:
    """One problem, for the OpenAPI document."""
    example = problem(status, code, detail, "en", **more)
    return {
        "description": TITLES[status].en,
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        },
    }


def title(status: int) -> Text:
    return TITLES.get(status, _OTHER)


def language(accept: str) -> str:
    """'vi' or 'en' from an Accept-Language header; Vietnamese where it says neither."""
    wanted: list[tuple[float, str]] = []
    for part in accept.lower().split(","):
        tag, _, quality = "".join(part.split()).partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if 0 < weight <= 1 and tag.partition("-")[0] in ("vi", "en"):
            wanted.append((-weight, tag[:2]))
    return min(wanted)[1] if wanted else "vi"


def problem(
    status: int, code: str, detail: Text, lang: str, *, instead: Text | None = None, **more: Any
) -> dict[str, Any]:
    """The body of an answer of kind application/problem+json."""
    body: dict[str, Any] = {
        "type": f"urn:motcua:problem:{code}",
        "title": getattr(title(status), lang),
        "status": status,
        "detail": getattr(detail, lang),
        "code": code,
    }
    if instead is not None:
        body["instead"] = getattr(instead, lang)
    return body | {name: value for name, value in more.items() if value not in (None, "", [], {})}


def of_rejected(error: Rejected, lang: str) -> dict[str, Any]:
    facts = {k: v for k, v in error.facts.items() if isinstance(v, str | int | float | bool | list | dict)}
    return problem(409, error.code, error.says, lang, instead=error.instead, rule=error.rule, facts=facts)


def of_fields(errors: Iterable[Mapping[str, Any]], lang: str) -> dict[str, Any]:
    """Each wrong field: where, what is wrong; never the value, which may be personal."""
    found = [
        {"where": ".".join(str(part)[:80] for part in error["loc"]), "what": _what(error, lang), "kind": error["type"]}
        for error in islice(errors, MOST_FIELDS)
    ]
    return problem(422, "invalid", _MEND, lang, errors=found)


def _what(error: Mapping[str, Any], lang: str) -> str:
    text: str = getattr(_FIELD.get(error["type"], _FIELD_OTHER), lang)
    try:
        return text.format(**error.get("ctx", {}))
    except (KeyError, IndexError):
        return str(getattr(_FIELD_OTHER, lang))


_WRONG = [{"where": "body.applicant", "what": "This is required", "kind": "missing"}]

# What any route may answer; FastAPI writes it under each of them.
RESPONSES: dict[int | str, dict[str, Any]] = {
    400: documented(400, "http_400", UNREADABLE),
    401: documented(401, "sign_in", TITLES[401]),
    403: documented(403, "not_allowed", TITLES[403]),
    404: documented(404, "not_found", TITLES[404]),
    409: documented(409, "changed_meanwhile", CHANGED),
    410: documented(410, "erased", ERASED),
    413: documented(413, "http_413", TITLES[413]),
    415: documented(415, "http_415", TITLES[415]),
    422: documented(422, "invalid", _MEND, errors=_WRONG),
    503: documented(503, "not_ready", LATER),
}
