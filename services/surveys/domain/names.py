"""Vietnamese names of people in running text: where they stand, told from offices, schools, streets and provinces."""

import re
import unicodedata
from collections.abc import Sequence

UPPER = "A-Z" + "".join(char for char in map(chr, range(0xC0, 0x1EFA)) if char.isupper())
LOWER = "a-z" + "".join(char for char in map(chr, range(0xC0, 0x1EFA)) if char.islower())
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
CAPITAL = re.compile(rf"[{UPPER}](?:['’])?[{UPPER}{LOWER}]*(?:['’][{UPPER}{LOWER}]+)*")
LONGEST = 5
"""A name has at most so many words."""


def _listed(text: str) -> frozenset[str]:
    return frozenset(" ".join(each.split()) for each in text.split("|"))


TITLES = _listed("""
    mr | ms | thầy | thày | cô | ông | bà | anh | chị | em | bạn | chú | bác | cậu | cháu | cụ | dì | thím | mợ | gv |
    gvcn | hs | phhs | giáo viên | học sinh | phụ huynh | thầy giáo | cô giáo | hiệu trưởng | hiệu phó |
    phó hiệu trưởng | chủ nhiệm | giám thị | bảo vệ | chuyên viên | cán bộ | công chức | nhân viên | văn thư |
    trưởng phòng | phó phòng | giám đốc | phó giám đốc | tên | tên là | họ tên | tôi là | em là | mẹ | bố | ba |
    má | tên em | con tôi | cháu tên | đồng chí | đ/c | con là | cháu là
    """)
"""One or two words before a name."""
OF_A_PLACE = _listed("""
    trường | thpt | thcs | thptdtnt | ptdtnt | dtnt | gdtx | gdnn-gdtx | tiểu học | mầm non | mẫu giáo |
    phổ thông | trung học | đại học | cao đẳng | chuyên | quốc tế | đường | phố | phường | xã | huyện | quận |
    tỉnh | tp | thị trấn | thị xã | thành phố | chợ | cầu | sông | núi | đảo | hồ | bệnh viện | nhà sách |
    công viên | quảng trường | khu công nghiệp | môn | giờ | tiết | giải | quỹ | học bổng | tượng | chiến dịch |
    phong trào | nội trú | bán trú | năng khiếu | trung tâm
    """)
"""What follows one or two such words is a school, a street, a place or a subject."""
NOT_NAMES = _listed("""
    sở | bộ | phòng | nhà | ban | hội | ủy | uỷ | thpt | thcs | ubnd | gdđt | lớp | khối | tổ | khoa | thầy | cô |
    ông | bà | em | các | những | giáo | viên | phụ | huynh | hiệu | trưởng | chủ | nhiệm | xin | rất | nên |
    không | cần | mong | đề | kính | cảm | cám | tôi | và | của | là | gdcd | tiếng | thể | dục | nhưng | vì |
    khi | nếu | đã | có | cho | với | để | theo | từ | do | tại | trong | ngoài | sau | trước | cũng | vẫn |
    đang | sẽ | bị | được | chưa | hoặc | mà | thì | nhiều | ít | ở | về | đi | làm | dạy | nói | hỏi | trả |
    giúp | nhận | nộp | zalo | facebook | gmail | email | sđt | đt | cccd | cmnd | vneid | pgs | ts | ths | pccc |
    bệnh | ngày | tháng | hãy | chúc | chào | thưa | dạ | vâng | ok | oke | này | đó | kia | quá | kém | lắm |
    ơi | nhé | ạ | luôn | chỉ | lúc | hôm | mỗi | việc | như | gì | sao | đây | đấy
    """)
"""A word that a name does not go on with, and does not begin with."""
STAYS = tuple(
    tuple(each.split())
    for each in sorted(
        _listed("""
    tài chính | tổ chức | hạnh phúc | tiến sĩ | tiến sỹ | quốc tế | quốc gia | yên tâm |
    đào tạo | đoàn thanh niên | đoàn trường | đoàn thanh | đoàn đội | cộng sản hồ chí minh |
    thiếu niên tiền phong | cao đẳng | thể thao | văn phòng | văn thư | văn hóa | văn hoá | văn bản | thư viện |
    kim đồng | y tế | hồ sơ | thái lan | mai sau | cao học | thành phố hồ chí minh | tp hồ chí minh |
    tp. hồ chí minh | hồ chí minh | bà rịa | ông công | ông táo | bác hồ | anh văn | hà nội | hà giang | hà tĩnh |
    hà nam | hà tây | cao bằng | thái bình | thái nguyên | lâm đồng | ninh bình | ninh thuận | lào cai |
    kiên giang | đồng nai | đồng tháp | hòa bình | hoà bình | bình định | bình dương | bình phước | bình thuận |
    quảng nam | quảng ninh | quảng ngãi | quảng bình | quảng trị | phú yên | phú thọ | khánh hòa | khánh hoà |
    vĩnh long | vĩnh phúc | an giang | tiền giang | hậu giang | long an | long thành | long khánh | biên hòa |
    biên hoà | thanh hóa | thanh hoá | nghệ an | nam định | hưng yên | hải dương | hải phòng | bắc giang |
    bắc ninh | bắc kạn | tuyên quang | yên bái | sơn la | lai châu | điện biên | lạng sơn | đà nẵng | đà lạt |
    thừa thiên huế | kon tum | gia lai | đắk lắk | đắk nông | tây ninh | bến tre | trà vinh | sóc trăng |
    bạc liêu | cà mau | cần thơ | việt nam | vũng tàu | trung tâm | thanh niên | an ninh | an toàn | bình đẳng |
    tết nguyên đán | xuân lộc | định quán | tân phú | thống nhất | cẩm mỹ | trảng bom | vĩnh cửu | nhơn trạch |
    ông bà | thầy cô | cô thầy | anh chị | quý phụ huynh | ngữ văn | vật lý | lịch sử | địa lý | công nghệ |
    âm nhạc | mỹ thuật | tin học | sinh học | hóa học | hoá học
    """),
        key=lambda it: (-len(it.split()), it),
    )
)
"""What looks like a name and is none, the longest first."""
SURNAMES = _listed("""
    nguyễn | trần | lê | phạm | hoàng | huỳnh | phan | vũ | võ | đặng | bùi | đỗ | hồ | ngô | dương | lý | đào |
    đinh | lâm | mai | trịnh | đoàn | hà | cao | chu | châu | tô | tạ | thái | lưu | phùng | quách | vương |
    tăng | triệu | kiều | la | lục | mạc | nghiêm | nông | ninh | ông | sầm | thạch | tống | trương | văn | vi |
    viên | y | ksor | siu | rmah | nay | kpă | kpa | rơ | êban | niê | giàng | sùng | vàng | thào | lò | quàng |
    lường | bàn | phàn | tẩn | lù | âu | bạch | bành | cù | diệp | doãn | đàm | giáp | hứa | khuất | khổng | kim |
    lại | lương | lữ | ma | mã | nhâm | phí | thân | tiêu | tôn | trà | ung | uông | hồng | đồng | thiều |
    hầu | hạ | cấn | chử | danh | điểu | sơn | thị | k' | h' | lầu | vừ | cư | tráng | vì | cầm | hoa | tòng |
    đèo | long | lai | huyền | mùa | hạng | ly | chảo | tưởng | nhữ | lã | lều | mẫn | đái | đôn | khúc | lộc |
    mông | nhan | ngụy | nguỵ | phú | phương | quan | quản | thẩm | thi | tiết | vĩnh | xa | yên | hàn | khâu |
    liên | lỗ | liễu | nhiêu | trang | trầm | hàng | khưu | khương | cái | bế | dư | giang | đống | tất | thang |
    thôi | trác | tề | tào | úc | ân | lao
    """)
GIVEN = _listed("""
    thị | văn | ngọc | minh | hữu | đức | quang | thanh | kim | xuân | thu | hồng | hoàng | bảo | gia | anh | an |
    ánh | bích | bình | châu | chi | chiến | cường | cúc | dung | dũng | duy | duyên | đạt | đông | giang | hà |
    hải | hạnh | hằng | hân | hậu | hiền | hiếu | hiệp | hoa | hòa | hoà | hoài | hoàn | huệ | hùng | huy |
    huyền | hương | hường | hưng | khang | khánh | khoa | khôi | kiên | kiệt | lan | lâm | liên | linh | loan |
    long | lộc | lợi | ly | mai | mạnh | mẫn | mỹ | my | nam | nga | ngân | nghĩa | nguyên | nguyệt | nhân | nhi |
    nhung | như | oanh | phong | phú | phúc | phước | phương | phượng | quân | quốc | quyên | quỳnh | sang | sơn |
    tài | tâm | tân | thái | thành | thảo | thắng | thắm | thi | thiên | thiện | thịnh | thoa | thơ | thùy |
    thuỳ | thủy | thuỷ | thúy | thuý | thư | thương | tiên | tiến | tín | toàn | trang | trâm | trân | trí |
    trinh | trọng | trúc | trung | trường | tú | tuấn | tuyền | tuyết | tùng | tường | uyên | vân | việt | vinh |
    vy | xuyến | yên | yến | vũ | khải | khoan | đan | đăng | thục | diễm | diệu | nhật | hạ | cẩm | ái | mộng |
    ổn | tý | chính | đình | bá | sỹ | sĩ | tấn | thế | viết | tuân | hoan | hợp | luân | lương | lượng | nhàn |
    ninh | quý | quế | sáng
    """)
"""Syllables that given and middle names are made of; two of them with capitals are taken for a name."""


def plain(word: str) -> str:
    """A word without its marks: Nguyễn is Nguyen, Đỗ is Do."""
    bare = unicodedata.normalize("NFD", word.replace("đ", "d").replace("Đ", "D"))
    return "".join(char for char in bare if not unicodedata.combining(char))


PLAIN_SURNAMES = frozenset(map(plain, SURNAMES))


def names(text: str) -> list[tuple[int, int]]:
    """Where names of people stand in a text in NFC, as (start, end), from left to right.

    A capitalised word after a title (thầy, cô, ông, bà, em, giáo viên, …), and at least two capitalised words that
    begin with a surname or are all syllables of given names; in capitals throughout, a surname with such
    syllables; without marks throughout, a surname and more.
    """
    found: list[tuple[int, int]] = []
    words = list(WORD.finditer(text))
    at = 0
    while at < len(words):
        kept = _kept(words, at) or _of_a_place(text, words, at)
        many = 0 if kept else _length(text, words, at)
        if many:
            found.append((words[at].start(), words[at + many - 1].end()))
        at += kept or many or 1
    return found


def _joined(text: str, words: Sequence[re.Match[str]], at: int) -> bool:
    """Whether only spaces stand between a word and the one before."""
    return at > 0 and text[words[at - 1].end() : words[at].start()].strip(" \t") == ""


def _kept(words: Sequence[re.Match[str]], at: int) -> int:
    """How many words from here are a phrase that stays readable."""
    if not CAPITAL.fullmatch(words[at][0]):
        return 0
    following = tuple(each[0].lower() for each in words[at : at + 4])
    return next((len(phrase) for phrase in STAYS if following[: len(phrase)] == phrase), 0)


def _before(text: str, words: Sequence[re.Match[str]], at: int) -> tuple[str, str]:
    """The word and the two words before, "" where something else than spaces stands between."""
    if not _joined(text, words, at):
        return "", ""
    one = words[at - 1][0].lower()
    return one, f"{words[at - 2][0].lower()} {one}" if at > 1 and _joined(text, words, at - 1) else ""


def _of_a_place(text: str, words: Sequence[re.Match[str]], at: int) -> int:
    """How many words from here are the name of a school, a street or a place."""
    return _run(text, words, at) if any(each in OF_A_PLACE for each in _before(text, words, at)) else 0


def _run(text: str, words: Sequence[re.Match[str]], at: int) -> int:
    """How many capitalised words stand together from here that may be a name."""
    many = 0
    while at + many < len(words) and many < LONGEST:
        word = words[at + many][0]
        if not CAPITAL.fullmatch(word) or word.lower() in NOT_NAMES or (many and not _joined(text, words, at + many)):
            break
        many += 1
    return many


def _length(text: str, words: Sequence[re.Match[str]], at: int) -> int:
    """How many words from here are a name of somebody."""
    many = _run(text, words, at)
    if not many:
        return 0
    one, two = _before(text, words, at)
    named = [words[at + step][0] for step in range(many)]
    shouted = all(word.isupper() for word in named) and len(named[0]) > 1
    if shouted:
        return _shouted(named)
    if one in TITLES or two in TITLES:
        return many
    return many if many > 1 and _looks_like_one(named) else 0


def _shouted(named: Sequence[str]) -> int:
    known = next((step for step, word in enumerate(named[1:]) if word.lower() not in GIVEN), len(named) - 1)
    return 1 + known if known and named[0].lower() in SURNAMES else 0


def _looks_like_one(named: Sequence[str]) -> bool:
    first = named[0].lower()
    if all(plain(word) == word for word in named):
        return first in PLAIN_SURNAMES
    if first in SURNAMES or "'" in first or "’" in first:
        return True
    return first != "trường" and all(word.lower() in GIVEN for word in named)
