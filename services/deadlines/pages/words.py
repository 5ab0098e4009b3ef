"""The words of the pages: what states, roles and steps are called."""

from collections.abc import Mapping

from kernel.decider import Text

STATE: Mapping[str, Text] = {
    "unapologised": Text("Quá hạn, chưa xin lỗi", "Overdue, not apologised for"),
    "overdue": Text("Quá hạn", "Overdue"),
    "due_today": Text("Đến hạn hôm nay", "Due today"),
    "forecast": Text("Dự báo trễ", "Likely late"),
    "approaching": Text("Sắp đến hạn", "Due soon"),
    "paused": Text("Tạm dừng, chờ bổ sung", "Paused, waiting for a supplement"),
    "open": Text("Đang giải quyết", "In process"),
    "late": Text("Đã trả trễ hạn", "Answered late"),
}
ROLE: Mapping[str, Text] = {
    "one_stop": Text("Bộ phận một cửa", "One-stop desk"),
    "expert": Text("Thẩm định", "Examination"),
    "head": Text("Ký duyệt", "Signature"),
    "committee": Text("Ủy ban nhân dân", "People's Committee"),
}
STEP: Mapping[str, Text] = {
    "deadlines.due_date_set": Text("Tiếp nhận, bắt đầu tính thời hạn", "Received: the clock runs"),
    "deadlines.due_date_moved": Text("Thời hạn thay đổi", "The due date moved"),
    "deadlines.due_date_confirmed": Text("Tính lại thời hạn: không đổi", "Counted again: the due date stays"),
    "deadlines.clock_paused": Text("Tạm dừng: chờ bổ sung hồ sơ", "Paused: waiting for a supplement"),
    "deadlines.clock_resumed": Text("Đã bổ sung đủ, tính tiếp thời hạn", "Complete: the clock runs again"),
    "deadlines.supplement_lapsed": Text("Hết hạn bổ sung hồ sơ", "The time for the supplement is over"),
    "deadlines.due_date_approaching": Text("Sắp đến hạn", "Due soon"),
    "deadlines.lateness_forecast": Text("Dự báo trễ hạn", "Probably late"),
    "deadlines.application_overdue": Text("Quá hạn", "Overdue"),
    "deadlines.overdue_lifted": Text("Không còn quá hạn", "Not overdue after all"),
    "deadlines.application_answered": Text("Có kết quả giải quyết", "Answered"),
    "deadlines.clock_ended": Text("Dừng tính thời hạn", "The clock ended"),
    "deadlines.responsibility_passed_on": Text("Chuyển đơn vị phụ trách", "Other units are responsible"),
    "deadlines.stage_started": Text("Bắt đầu khâu", "Stage begun"),
    "deadlines.stage_overdue": Text("Khâu này quá thời gian", "This stage is late"),
    "deadlines.stage_finished": Text("Xong khâu", "Stage finished"),
    "deadlines.reappointed": Text("Hẹn lại ngày trả kết quả", "A new day was named"),
    "deadlines.reappointment_kept": Text("Trả đúng ngày hẹn lại", "The new day was kept"),
    "deadlines.reappointment_broken": Text("Trễ cả ngày hẹn lại", "The new day was broken too"),
    "deadlines.apology_due": Text("Phải gửi phiếu xin lỗi", "An apology is owed"),
    "deadlines.apology_drafted": Text("Đã soạn phiếu xin lỗi", "The apology was drafted"),
    "deadlines.apology_issued": Text("Đã ký phiếu xin lỗi", "The apology was signed"),
    "deadlines.apology_delivered": Text("Đã gửi phiếu xin lỗi", "The apology was delivered"),
    "deadlines.apology_undeliverable": Text("Không gửi được phiếu xin lỗi", "The apology can't be delivered"),
    "deadlines.apology_missed": Text("Quá hạn xin lỗi mà chưa ký", "The apology was missed"),
    "deadlines.apology_lapsed": Text("Không còn phải xin lỗi", "No apology is owed any more"),
}
CAUSE: Mapping[str, Text] = {
    "calendar": Text("lịch làm việc thay đổi", "the calendar changed"),
    "supplement_restart": Text("đã bổ sung đủ hồ sơ, tính lại từ đầu", "the supplement came: from zero"),
    "supplement_pause": Text("đã bổ sung đủ hồ sơ, tính tiếp", "the supplement came: going on"),
    "imported": Text("theo hệ thống cũ", "as the other system had it"),
}
APOLOGY: Mapping[str, Text] = {
    "due": Text("Chờ ký", "To be signed"),
    "issued": Text("Đã ký, chờ gửi", "Signed, to be delivered"),
    "delivered": Text("Đã gửi", "Delivered"),
    "undeliverable": Text("Không gửi được, cần in và trao", "Not delivered: print it and hand it over"),
    "lapsed": Text("Không còn phải xin lỗi", "Not owed any more"),
}
WAY: Mapping[str, Text] = {
    "email": Text("Thư điện tử", "E-mail"),
    "sms": Text("Tin nhắn SMS", "SMS"),
    "phone": Text("Điện thoại", "Telephone"),
    "desk": Text("Bản in, trao tại quầy hoặc qua bưu điện", "Printed: at the desk or by post"),
}
LEG: Mapping[str, Text] = {
    "release": Text("Trường nơi đi đồng ý", "The releasing school consents"),
    "introduce": Text("Sở kiểm tra, giới thiệu", "The Department introduces"),
    "consult": Text("Xin ý kiến lãnh đạo Sở", "The leadership is consulted"),
    "accept": Text("Trường nơi đến quyết định", "The receiving school decides"),
    "records": Text("Bàn giao hồ sơ học sinh", "The records are handed over"),
    "placement": Text("Xếp lớp", "The pupil is put into a class"),
}
LEG_OUTCOME: Mapping[str, Text] = {
    "consented": Text("Đồng ý", "Consented"),
    "refused": Text("Từ chối", "Refused"),
    "done": Text("Đã xong", "Done"),
    "dropped": Text("Không cần nữa", "Not needed any more"),
}
UNIT: Mapping[str, Text] = {
    "working_days": Text("ngày làm việc", "working days"),
    "working_hours": Text("giờ làm việc", "working hours"),
}


def late_words(days: int, minutes: int) -> Text:
    """So many working days and hours: "02 ngày làm việc", or hours where it was the same day."""
    if days:
        return Text(f"{days:02} ngày làm việc", f"{days} working day{'s' if days > 1 else ''}")
    return office_time(minutes)


def office_time(minutes: int) -> Text:
    hours, rest = divmod(minutes, 60)
    return Text(f"{hours} giờ {rest:02} phút làm việc", f"{hours} h {rest:02} min of office time")
