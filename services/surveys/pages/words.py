"""What is said to respondents when something is done or wrong."""

from kernel.decider import Text

SAVED = Text(
    "Đã lưu. Có thể đóng trang này và mở lại bằng chính mã phiếu để làm tiếp.",
    "Saved. You may close this page and open it again with the same code to go on.",
)
MORE = Text(
    "Theo câu trả lời vừa rồi, có thêm câu hỏi dưới đây.", "Because of what you answered, there are more questions."
)
MISSING = Text("Còn câu chưa trả lời.", "Some questions are not answered yet.")
NO_CODE = Text(
    "Không có phiếu khảo sát nào với mã này. Hãy xem lại từng chữ trên phiếu.",
    "There is no questionnaire with this code. Look at each letter on the slip again.",
)
FIRST = Text(
    "Đã ghi lần nhập thứ nhất. Phiếu được tính khi một người khác nhập lại.",
    "The first entry is kept. The sheet counts when somebody else has typed it in too.",
)
TAKEN = Text("Phiếu đã được tính.", "The sheet counts.")
