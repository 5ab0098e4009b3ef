"""How the pages say what the contract names: for people, in both languages. Codes stay codes; these are their words."""

from collections.abc import Mapping

from kernel.decider import Text

# A state: its name, the tone of its tag, and what it means for the person who waits.
STATUS: Mapping[str, tuple[Text, str, Text]] = {
    "drafted": (
        Text("Bản nháp", "Draft"),
        "plain",
        Text("Hồ sơ chưa nộp.", "The dossier has not been submitted."),
    ),
    "submitted": (
        Text("Đã nộp, chờ tiếp nhận", "Submitted, to be received"),
        "wait",
        Text(
            "Cán bộ sẽ kiểm tra hồ sơ, rồi gửi giấy tiếp nhận có ngày hẹn trả, hoặc báo lý do nếu không tiếp nhận.",
            "An officer will check it, then send a receipt with an appointment, or say why it was not accepted.",
        ),
    ),
    "in_process": (
        Text("Đang giải quyết", "In process"),
        "going",
        Text("Hồ sơ đang được giải quyết. Ông/bà chưa phải làm gì.", "It is being worked on. You need do nothing."),
    ),
    "supplement_asked": (
        Text("Chờ bổ sung", "Supplement asked"),
        "wait",
        Text(
            "Hồ sơ còn thiếu giấy tờ. Xem phiếu yêu cầu và nộp một lần cho đủ; khi đủ, thời hạn tính lại từ đầu.",
            "Something is missing. See the request and bring it all at once; then the time is counted from the start.",
        ),
    ),
    "resolved": (
        Text("Đã có kết quả", "Result ready"),
        "good",
        Text("Mời ông/bà nhận kết quả theo cách đã đăng ký.", "Please take the result the way you chose."),
    ),
    "handed_over": (
        Text("Đã trả kết quả", "Result handed over"),
        "good",
        Text("Hồ sơ đã xong.", "The dossier is finished."),
    ),
    "not_accepted": (
        Text("Không tiếp nhận", "Not accepted"),
        "bad",
        Text(
            "Lý do ghi trong phiếu từ chối. Ông/bà có thể sửa và nộp hồ sơ mới.",
            "The refusal says why. You may mend it and submit a new dossier.",
        ),
    ),
    "stopped": (Text("Đã dừng", "Stopped"), "over", Text("Hồ sơ đã dừng giải quyết.", "Processing has stopped.")),
    "withdrawn": (
        Text("Đã rút", "Withdrawn"),
        "over",
        Text("Hồ sơ đã được rút theo yêu cầu.", "It was taken back at the applicant's wish."),
    ),
}

# What happened, in plain words: for the applicant's timeline and the officers' log.
STEP: Mapping[str, Text] = {
    "intake.application_drafted": Text("Lưu bản nháp", "Saved as a draft"),
    "intake.application_submitted": Text("Nộp hồ sơ", "Submitted"),
    "intake.application_received": Text("Tiếp nhận, cấp giấy hẹn", "Received, with a receipt and appointment"),
    "intake.application_not_accepted": Text("Không tiếp nhận", "Not accepted"),
    "intake.supplement_asked": Text("Yêu cầu bổ sung", "A supplement was asked for"),
    "intake.supplement_supplied": Text("Nộp bổ sung", "The supplement was supplied"),
    "intake.consultation_asked": Text("Lấy ý kiến cơ quan khác", "Another body was asked for its opinion"),
    "intake.consultation_answered": Text("Cơ quan được hỏi trả lời", "The body that was asked answered"),
    "intake.consultation_overdue": Text("Cơ quan được hỏi chưa trả lời đúng hạn", "The body that was asked is late"),
    "intake.application_assigned": Text("Chuyển đơn vị giải quyết", "Passed to the unit that works on it"),
    "intake.application_passed_on": Text("Đơn vị khác tiếp tục giải quyết", "Another unit took it over"),
    "intake.application_resolved": Text("Có kết quả giải quyết", "Resolved"),
    "intake.result_handed_over": Text("Trả kết quả", "The result was handed over"),
    "intake.application_stopped": Text("Dừng giải quyết", "Processing stopped"),
    "intake.application_withdrawn": Text("Người nộp rút hồ sơ", "Withdrawn by the applicant"),
    "intake.application_corrected": Text("Sửa thông tin ghi sai", "Something wrong was corrected"),
    "intake.application_imported": Text("Chuyển sang từ hệ thống trước", "Brought over from the earlier system"),
}

CHANNEL: Mapping[str, Text] = {
    "desk": Text("Trực tiếp tại quầy", "At the desk"),
    "post": Text("Bưu chính", "By post"),
    "hired_service": Text("Dịch vụ nộp thay", "Hired service"),
    "authorised": Text("Người được ủy quyền", "Authorised person"),
    "online": Text("Trực tuyến", "Online"),
    "assisted": Text("Trực tuyến, cán bộ nhập giúp", "Online, with an officer's help"),
    "national_portal": Text("Cổng Dịch vụ công quốc gia", "National portal"),
}
DELIVERY: Mapping[str, Text] = {
    "desk": Text("Tại nơi nộp hồ sơ", "Where it was submitted"),
    "post": Text("Qua bưu chính, về địa chỉ của tôi", "By post, to my address"),
    "online": Text("Bản điện tử, qua mạng", "As a file, online"),
}
NOTIFY: Mapping[str, Text] = {
    "sms": Text("Tin nhắn SMS", "Text message"),
    "email": Text("Thư điện tử", "E-mail"),
    "phone": Text("Gọi điện", "A phone call"),
    "none": Text("Không cần báo", "No need"),
}
AUTHORITY: Mapping[str, Text] = {
    "province_department": Text("Sở Giáo dục và Đào tạo", "The Department of Education and Training"),
    "province_committee": Text("Ủy ban nhân dân tỉnh", "The provincial People's Committee"),
    "school": Text("Nhà trường", "The school"),
    "commune": Text("Ủy ban nhân dân cấp xã", "The commune's People's Committee"),
}
# The kind of unit that decides what an authority decides.
DECIDES: Mapping[str, str] = {
    "province_department": "department",
    "province_committee": "committee",
    "school": "school",
    "commune": "commune",
}
LEVEL: Mapping[str, Text] = {
    "any": Text("Mọi cấp học", "All levels"),
    "preschool": Text("Mầm non", "Preschool"),
    "primary": Text("Tiểu học", "Primary"),
    "lower_secondary": Text("Trung học cơ sở", "Lower secondary"),
    "upper_secondary": Text("Trung học phổ thông", "Upper secondary"),
    "continuing": Text("Giáo dục thường xuyên", "Continuing education"),
    "higher": Text("Cao đẳng, đại học", "Higher education"),
}
ONLINE: Mapping[int, Text] = {
    0: Text("Chưa rõ mức độ trực tuyến", "Online level not known"),
    1: Text("Chỉ tra cứu thông tin trên mạng", "Information only"),
    2: Text("Một phần: tải mẫu đơn trên mạng", "In part: forms can be downloaded"),
    3: Text("Một phần: nộp trên mạng", "In part: can be submitted online"),
    4: Text("Toàn trình: làm hoàn toàn trên mạng", "In full: all of it online"),
}
GROUND: Mapping[str, Text] = {
    "incomplete": Text("Thiếu giấy tờ", "Incomplete"),
    "not_entitled": Text("Không thuộc đối tượng", "Not entitled"),
    "wrong_authority": Text("Không đúng thẩm quyền", "Another authority decides"),
    "duplicate": Text("Trùng hồ sơ đã nộp", "A duplicate"),
    "false_papers": Text("Giấy tờ không đúng sự thật", "False papers"),
    "conditions_not_met": Text("Không đủ điều kiện", "Conditions not met"),
    "other": Text("Lý do khác", "Another reason"),
}
STOP_GROUND: Mapping[str, Text] = {
    "citizens_wish": Text("Theo đề nghị của người nộp", "At the applicant's wish"),
    "no_supplement": Text("Quá hạn mà không bổ sung", "No supplement came in its time"),
    "procedure_ended": Text("Thủ tục hết hiệu lực", "The procedure ended"),
}
OPINION: Mapping[str, Text] = {
    "agrees": Text("Đồng ý", "Agrees"),
    "disagrees": Text("Không đồng ý", "Disagrees"),
    "other": Text("Ý kiến khác", "Something else"),
}
STAGE: Mapping[str, Text] = {
    "one_stop": Text("Bộ phận một cửa", "One-stop desk"),
    "expert": Text("Chuyên viên thụ lý", "Case officer"),
    "head": Text("Lãnh đạo ký duyệt", "Head"),
    "committee": Text("Ủy ban nhân dân", "People's Committee"),
}
TIME_UNIT: Mapping[str, Text] = {
    "working_days": Text("ngày làm việc", "working days"),
    "working_hours": Text("giờ làm việc", "working hours"),
}
CASE: Mapping[str, Text] = {"within_province": Text("trong tỉnh", "within the province")}
OUTCOME: Mapping[str, Text] = {
    "granted": Text("Giải quyết theo đề nghị", "Granted"),
    "refused": Text("Từ chối, có nêu lý do", "Refused, with the reason"),
}
ROLE: Mapping[str, Text] = {
    "desk_officer": Text("Cán bộ một cửa", "Desk officer"),
    "case_officer": Text("Chuyên viên giải quyết", "Case officer"),
    "unit_head": Text("Thủ trưởng đơn vị", "Head of unit"),
    "leadership": Text("Lãnh đạo Sở", "Department leadership"),
    "operator": Text("Người vận hành", "Operator"),
    "auditor": Text("Người kiểm tra", "Auditor"),
    "citizen": Text("Người dân", "Citizen"),
    "system": Text("Hệ thống", "The system"),
}
# What an officer may do with a dossier: the button, and a sentence that says what it comes to.
ACTION: Mapping[str, tuple[Text, Text]] = {
    "receive": (
        Text("Tiếp nhận", "Receive"),
        Text("Cấp mã hồ sơ, giấy tiếp nhận và ngày hẹn trả.", "Gives the code, the receipt and the appointment."),
    ),
    "refuse-receipt": (
        Text("Không tiếp nhận", "Do not accept"),
        Text("Người nộp nhận phiếu từ chối có nêu lý do.", "The applicant gets a refusal that says why."),
    ),
    "assign": (
        Text("Chuyển xử lý", "Hand over"),
        Text("Ghi một dòng vào phiếu kiểm soát.", "Writes a line of the control slip."),
    ),
    "ask-supplement": (
        Text("Yêu cầu bổ sung", "Ask for a supplement"),
        Text(
            "Chỉ được yêu cầu một lần, nêu hết những gì còn thiếu.",
            "Asked once only: name everything that is missing.",
        ),
    ),
    "supply": (
        Text("Ghi nhận bổ sung", "Take in the supplement"),
        Text("Khi đã đủ, thời hạn tính lại từ đầu.", "Once complete, the time is counted from the start."),
    ),
    "consult": (
        Text("Lấy ý kiến", "Consult"),
        Text("Cơ quan được hỏi có thời hạn trả lời riêng.", "The body that is asked has a limit of its own."),
    ),
    "answer-consultation": (
        Text("Nhập ý kiến trả lời", "Enter the opinion"),
        Text("Ghi ý kiến của cơ quan được hỏi.", "Writes down what the body that was asked says."),
    ),
    "resolve": (
        Text("Ra kết quả", "Resolve"),
        Text("Đồng hồ giải quyết dừng ở đây.", "The processing clock stops here."),
    ),
    "hand-over-result": (
        Text("Trả kết quả", "Hand the result over"),
        Text("Người nộp đã nhận kết quả.", "The applicant has the result."),
    ),
    "stop": (
        Text("Dừng giải quyết", "Stop"),
        Text("Người nộp nhận thông báo dừng giải quyết.", "The applicant gets a notice."),
    ),
    "withdraw": (
        Text("Rút hồ sơ", "Withdraw"),
        Text("Trả lại hồ sơ theo yêu cầu của người nộp.", "Gives the dossier back, as the applicant wishes."),
    ),
    "correct": (
        Text("Sửa thông tin", "Correct"),
        Text("Thông tin cũ vẫn còn trong nhật ký.", "What was there stays in the log."),
    ),
}
PAPER: Mapping[str, Text] = {
    "receipt": Text("Giấy tiếp nhận và hẹn trả", "Receipt and appointment"),
    "supplement": Text("Phiếu yêu cầu bổ sung", "Supplement request"),
    "refusal": Text("Phiếu từ chối", "Refusal"),
    "stop": Text("Thông báo dừng giải quyết", "Notice of stopping"),
    "control_slip": Text("Phiếu kiểm soát", "Control slip"),
}
# The event that makes a paper exist.
PAPER_OF: Mapping[str, tuple[str, ...]] = {
    "intake.application_received": ("receipt", "control_slip"),
    "intake.application_imported": ("receipt", "control_slip"),
    "intake.supplement_asked": ("supplement",),
    "intake.application_not_accepted": ("refusal",),
    "intake.application_stopped": ("stop",),
}
# What is wrong with a field, more kindly than its pattern says it.
WRONG: Mapping[str, Text] = {
    "name": Text("Hãy nhập họ và tên, tối đa 150 ký tự", "Enter the full name, at most 150 characters"),
    "id_number": Text(
        "Số định danh có 12 chữ số (giấy cũ 9 chữ số; tổ chức: mã số thuế)",
        "A personal number has 12 digits (old cards 9; organisations: the tax number)",
    ),
    "phone": Text(
        "Hãy nhập số điện thoại chỉ gồm chữ số, ví dụ 0912 345 678", "Enter a telephone number such as 0912 345 678"
    ),
    "email": Text("Hãy nhập địa chỉ như ten@vidu.vn", "Enter an address such as name@example.vn"),
    "born": Text("Hãy nhập ngày như 05/09/2010", "Enter a day such as 05/09/2010"),
    "happened_at": Text("Hãy nhập ngày giờ như 05/09/2026 08:30", "Enter a time such as 05/09/2026 08:30"),
    "decided_by": Text("Hãy chọn đơn vị", "Choose the unit"),
    "procedure": Text("Hãy chọn một thủ tục trong danh sách", "Choose a procedure from the list"),
    "reason": Text("Hãy ghi lý do, ít nhất 3 ký tự", "Give the reason, at least 3 characters"),
    "wanted": Text("Hãy ghi từng giấy tờ còn thiếu, mỗi dòng một mục", "Name what is missing, one a line"),
    "to_unit": Text("Hãy chọn đơn vị nhận", "Choose the unit that takes it"),
    "body": Text("Hãy chọn cơ quan được hỏi", "Choose the body that is asked"),
    "question": Text("Hãy ghi nội dung cần hỏi", "Write what is asked"),
    "answer": Text("Hãy ghi nội dung trả lời", "Write what the answer was"),
    "consultation": Text("Hãy chọn lần lấy ý kiến", "Choose the consultation"),
    "acting": Text("Hãy chọn ai nộp hồ sơ", "Say who submits"),
    "authorised_name": Text("Hãy nhập họ và tên người được ủy quyền", "Enter the authorised person's name"),
}
PERSON: Mapping[str, Text] = {
    "name": Text("Họ và tên", "Full name"),
    "id_number": Text("Số định danh", "Personal number"),
    "phone": Text("Số điện thoại", "Telephone"),
    "email": Text("Thư điện tử", "E-mail"),
    "street": Text("Số nhà, đường, thôn", "House and street"),
    "commune": Text("Xã, phường", "Commune or ward"),
    "province": Text("Tỉnh, thành phố", "Province"),
}
