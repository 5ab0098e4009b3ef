"""What each paper may be told: an invented province, an invented person."""

import datetime as dt
from typing import Any

from services.deadlines.api import letter as apology
from services.deadlines.api.letter import Apology
from services.transfers.api import letter as official

ZONE = dt.timezone(dt.timedelta(hours=7))


def at(day: int, hour: int = 8, minute: int = 5, month: int = 1) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=ZONE)


CODE = "H99.12-260105-0007"
TRACK = "https://motcua.example/tra-cuu/" + CODE
HEAD: dict[str, Any] = {
    "parent": "Ủy ban nhân dân tỉnh Sơn Hà",
    "unit": "Trung tâm Phục vụ hành chính công",
    "place": "Sơn Hà",
    "form": "Mẫu số 01",
    "number": "07/TNHS",
    "issued_at": at(5),
}
ADDRESSEE: dict[str, Any] = {
    "applicant": "Nguyễn Thị Ngọc Bình",
    "address": "12 đường Hoa Ban, phường Suối Hoa, tỉnh Sơn Hà",
}
REACHED: dict[str, Any] = ADDRESSEE | {"phone": "0912 345 678", "email": "binh@example.vn"}
PERSON: dict[str, Any] = REACHED | {"id_number": "001190000001"}
CONTENT = "Chuyển trường cho con là Trần Gia Bảo từ Trường THPT Suối Hoa đến Trường THPT Nậm Lạnh"
TRANSFER = "Chuyển trường đối với học sinh trung học phổ thông"
DOCUMENTS = [
    "Đơn xin chuyển trường do cha, mẹ hoặc người giám hộ ký",
    "Học bạ (bản chính)",
    "Giấy chứng nhận trúng tuyển lớp đầu cấp, ghi rõ loại hình trường được tuyển",
    "Giấy giới thiệu chuyển trường do hiệu trưởng nhà trường nơi đi cấp",
]

APOLOGY = Apology(
    title="Phiếu xin lỗi và đề nghị gia hạn thời gian giải quyết",
    form="Mẫu số 04",
    parent=HEAD["parent"],
    unit="Sở Giáo dục và Đào tạo",
    place=HEAD["place"],
    number="03/PXL-SGDĐT",
    written_at=at(9, 9, 0),
    addressee=ADDRESSEE["applicant"],
    address=ADDRESSEE["address"],
    code=CODE,
    procedure=TRANSFER,
    content=CONTENT,
    received_by="Trung tâm Phục vụ hành chính công",
    received_at=at(5),
    promised_at=at(12, 17, 0),
    reason="Trường nơi đi chưa xác minh xong học bạ của học sinh.",
    new_due_at=at(16, 17, 0),
    contact="bà Lò Thị Mây",
    contact_phone="0212 000 001",
    position="Giám đốc",
    signer="Hoàng Văn Thái",
)

OFFICIAL = official.Official(
    parent="Sở Giáo dục và Đào tạo tỉnh Sơn Hà",
    unit="Trường THPT Lê Lợi",
    place="Sơn Hà",
    number="03/THPTLL-VP",
    written_at=at(9),
    addressee="Lãnh đạo Sở Giáo dục và Đào tạo tỉnh Sơn Hà",
    about="Xin ý kiến về trường hợp chuyển trường đặc biệt",
    text="Đơn vị đã tiếp nhận hồ sơ chuyển trường.\nKính đề nghị Lãnh đạo Sở xem xét, cho ý kiến./.",
    position="Hiệu trưởng",
    signer="Trần Văn Hùng",
)
SAMPLES: dict[str, dict[str, Any]] = {
    "receipt": HEAD
    | PERSON
    | {
        "code": CODE,
        "qr": TRACK,
        "track_at": "motcua.example",
        "desk": "Quầy 5, Trung tâm Phục vụ hành chính công tỉnh Sơn Hà",
        "authorised": "",
        "content": CONTENT,
        "documents": DOCUMENTS,
        "sets": 1,
        "time_by_rule": "05 ngày làm việc",
        "received_at": at(5),
        "due_at": at(12, 17, 0),
        "return_at": "Quầy 5, Trung tâm Phục vụ hành chính công tỉnh Sơn Hà",
        "officer": "Lò Thị Mây",
        "copy": "Liên: Giao người nộp hồ sơ",
        "book": "01",
        "book_number": "7",
    },
    "supplement": HEAD
    | REACHED
    | {
        "title": "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ",
        "form": "Mẫu số 02",
        "number": "03/PBS",
        "code": CODE,
        "content": CONTENT,
        "items": ["Học bạ: nộp bản chính, bản đã nộp là bản chụp", "Giấy giới thiệu: thiếu chữ ký của hiệu trưởng"],
        "reason": "Thành phần hồ sơ chưa đủ theo quy định của thủ tục",
        "answer_by": at(26, 17, 0),
        "contact": "bà Lò Thị Mây",
        "contact_phone": "0212 000 001",
        "officer": "Lò Thị Mây",
    },
    "refusal": HEAD
    | PERSON
    | {
        "title": "Phiếu từ chối tiếp nhận, giải quyết hồ sơ",
        "form": "Mẫu số 03",
        "number": "02/PTC",
        "code": CODE,
        "desk": "Trung tâm Phục vụ hành chính công tỉnh Sơn Hà",
        "content": CONTENT,
        "reason": "Học sinh không thuộc đối tượng được chuyển trường ngoài thời gian quy định.\n"
        "Ngoài ra, trường nơi đến đã đủ chỉ tiêu của khối 11.",
        "basis": "Điều 5 Quyết định 51/2002/QĐ-BGDĐT",
        "instead": "nộp lại hồ sơ khi kết thúc học kỳ I, hoặc đề nghị Giám đốc Sở xem xét trường hợp đặc biệt.",
        "officer": "Lò Thị Mây",
    },
    "stop": HEAD
    | ADDRESSEE
    | {
        "title": "Thông báo dừng giải quyết hồ sơ",
        "form": "",
        "number": "01/TB-PVHCC",
        "code": CODE,
        "content": CONTENT,
        "received_at": at(5),
        "stopped_at": at(7, 14, 30),
        "reason": "Theo đề nghị của người nộp hồ sơ",
        "returned": DOCUMENTS[1:],
        "signer_title": "Giám đốc",
        "signer": "Hoàng Văn Thái",
    },
    "apology": apology.told(APOLOGY),
    "official": official.told(OFFICIAL),
    "control_slip": HEAD
    | {
        "title": "Phiếu kiểm soát quá trình giải quyết hồ sơ",
        "form": "Mẫu số 05",
        "number": "07/PKS",
        "code": CODE,
        "procedure": TRANSFER,
        "body": "Sở Giáo dục và Đào tạo tỉnh Sơn Hà",
        "cooperating": [],
        "received_at": at(5),
        "due_at": at(12, 17, 0),
        "rows": [
            {
                "given_by": "Trung tâm Phục vụ hành chính công",
                "taken_by": "Phòng Giáo dục Trung học",
                "giver": "cb-014",
                "receiver": "cb-102",
                "at": at(5, 15, 40),
                "due_at": at(9, 17, 0),
                "result": "on",
                "note": "",
            },
            {
                "given_by": "Phòng Giáo dục Trung học",
                "taken_by": "Lãnh đạo Sở",
                "giver": "cb-102",
                "receiver": "",
                "at": at(12, 9, 0),
                "due_at": None,
                "result": "after",
                "note": "Chờ xác minh của trường nơi đi",
            },
        ],
    },
    "register": HEAD
    | {
        "title": "Sổ theo dõi hồ sơ",
        "form": "Mẫu số 06",
        "number": "",
        "from": dt.date(2026, 1, 5),
        "until": dt.date(2026, 1, 9),
        "rows": [
            {
                "code": f"H99.12-260105-{each:04}",
                "procedure": TRANSFER if each % 3 else "Cấp bản sao văn bằng, chứng chỉ từ sổ gốc",
                "sets": 1,
                "applicant": "Nguyễn Thị Ngọc Bình",
                "contact": "12 đường Hoa Ban, phường Suối Hoa; 0912 345 678",
                "body": "Sở Giáo dục và Đào tạo",
                "received_at": at(5, 8, each % 60),
                "due_at": at(12, 17, 0),
                "passed_on_at": at(5, 15, 40),
                "result_at": at(9, 10, 0) if each % 2 else None,
                "handed_over_at": at(9, 14, 0) if each % 4 == 1 else None,
                "way": "trực tiếp" if each % 4 == 1 else "",
                "note": "Tổ chức lại đơn vị" if each == 5 else "",
            }
            for each in range(1, 25)
        ],
    },
    "guidance": HEAD
    | {
        "title": "Phiếu hướng dẫn",
        "form": "",
        "number": "",
        "unit": "Trường THPT Nậm Lạnh",
        "parent": "Sở Giáo dục và Đào tạo tỉnh Sơn Hà",
        "procedure": TRANSFER,
        "came_at": at(5, 9, 12),
        "text": "Từ ngày 18/12/2017, thủ tục này được tiếp nhận và trả kết quả tại một nơi là "
        "Trung tâm Phục vụ hành chính công tỉnh.",
        "places": [
            {
                "name": "Trung tâm Phục vụ hành chính công tỉnh Sơn Hà",
                "address": "Số 1 đường Tô Hiệu, phường Suối Hoa",
                "hours": "7 giờ 30 đến 11 giờ 30, 13 giờ 30 đến 17 giờ, từ thứ Hai đến thứ Sáu và sáng thứ Bảy",
                "how_to_find": "Xe buýt số 2, bến Quảng trường",
                "phone": "0212 000 000",
            }
        ],
        "online": True,
        "assisted": True,
        "basis": "Công văn 2293/SGDĐT-VP ngày 14/12/2017",
        "qr": "https://motcua.example/thu-tuc/2.002478",
        "track_at": "motcua.example",
    },
}
