"""People who do not exist: names as the province's people have them, and numbers that nobody can have.

No identity number begins with 999 (provinces have 001 to 096), no telephone number with 0200 000, and nothing is
delivered to the domain .example.
"""

import random
from collections.abc import Sequence
from typing import Any

FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
FAMILY_WEIGHTS = (38, 11, 9, 7, 6, 5, 4, 4, 3, 3, 2, 2, 1)
WOMEN = (
    "Thị Bình", "Thị Hoa", "Thu Trang", "Thị Mai", "Ngọc Ánh", "Thị Lan", "Minh Châu", "Thanh Hương", "Thị Hạnh",
    "Phương Thảo", "Thị Yến", "Khánh Linh", "Thuý Hằng", "Thị Nhung", "Bảo Ngọc", "Diệu Linh", "Thị Tuyết",
)  # fmt: skip
MEN = (
    "Văn An", "Minh Đức", "Quang Huy", "Văn Hùng", "Đức Anh", "Tuấn Kiệt", "Hữu Phước", "Văn Nam", "Gia Bảo",
    "Thành Long", "Xuân Trường", "Văn Quyết", "Mạnh Cường", "Hải Đăng", "Trung Kiên", "Nhật Minh", "Văn Sơn",
)  # fmt: skip
HIGHLANDERS = (
    "Vàng A Páo", "Giàng Thị Dở", "Lò Thị Mai", "Lò Văn Thương", "Quàng Văn Hải", "Tẩn Láo Lở", "Cà Thị Xuân",
    "Sùng A Chư", "Hà Thị Nga", "Bàn Thị Mùi", "Nông Văn Lợi", "Hoàng Thị Păn", "Triệu Mùi Pham", "Mùa A Dế",
)  # fmt: skip
STREETS = (
    "đường Hoa Ban",
    "đường Trần Phú",
    "đường Lê Lợi",
    "phố Chợ Cũ",
    "bản Nà Lầu",
    "thôn Đồng Tâm",
    "tổ dân phố 4",
)
COMPANIES = ("Ánh Sao", "Trí Việt", "Hoa Ban", "Sơn Hà Edu", "Tương Lai", "Bông Sen")


def name(dice: random.Random) -> str:
    if dice.random() < 0.12:
        return dice.choice(HIGHLANDERS)
    family = dice.choices(FAMILIES, FAMILY_WEIGHTS)[0]
    return f"{family} {dice.choice(WOMEN if dice.random() < 0.55 else MEN)}"


def phone(dice: random.Random) -> str:
    return f"0200 000 {dice.randrange(10_000):04d}"


def address(dice: random.Random, communes: Sequence[str]) -> dict[str, str]:
    return {
        "street": f"{dice.randrange(1, 180)} {dice.choice(STREETS)}",
        "commune": dice.choice(communes) if communes else "",
        "province": "tỉnh Sơn Hà",
    }


def citizen(dice: random.Random, communes: Sequence[str]) -> dict[str, Any]:
    """A grown-up as the form wants them; some families come more than once."""
    number = dice.randrange(3_000) if dice.random() < 0.1 else dice.randrange(3_000, 1_000_000_000)
    born = f"{dice.randrange(1962, 2007)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}"
    found = {
        "name": name(dice),
        "id_number": f"999{number:09d}",
        "born": born,
        "phone": phone(dice),
        "address": address(dice, communes),
    }
    if dice.random() < 0.4:
        found["email"] = f"nguoi.dan.{number}@hopthu.example"
    return found


def organisation(dice: random.Random, communes: Sequence[str]) -> dict[str, Any]:
    return {
        "name": f"Công ty TNHH Giáo dục {dice.choice(COMPANIES)}",
        "kind": "organisation",
        "id_number": f"99{dice.randrange(100_000_000):08d}",
        "phone": phone(dice),
        "address": address(dice, communes),
    }
