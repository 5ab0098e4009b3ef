"""The sentences that an apology begins with: what happened, in plain and polite words, from the facts alone."""

from schemas.deadlines import ApplicationOverdue, LatenessForecast

_WHERE = {
    "one_stop": "bộ phận một cửa",
    "expert": "công chức thẩm định",
    "head": "lãnh đạo ký duyệt",
    "committee": "Ủy ban nhân dân",
}


def of_forecast(event: LatenessForecast) -> str:
    """Why it will probably be late."""
    ahead = event.outlook.ahead
    load = f", trong khi còn {ahead} hồ sơ khác đến hạn trước" if ahead else ""
    return f"Hồ sơ đang ở khâu {_where(event.role)}{load}; dự kiến không kịp trả kết quả đúng thời hạn đã hẹn."


def of_breach(event: ApplicationOverdue) -> str:
    """Why it is late."""
    return f"Đến thời hạn đã hẹn, hồ sơ vẫn đang ở khâu {_where(event.role)} nên chưa có kết quả giải quyết."


ANSWERED = "Kết quả giải quyết hồ sơ có sau thời hạn đã hẹn."


def _where(role: str) -> str:
    return _WHERE.get(role, role)
