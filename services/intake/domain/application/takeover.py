"""Dossiers in flight, taken over from another one-stop system."""

from dataclasses import dataclass

from kernel.decider import Rejected, Text
from schemas.event import Event
from schemas.intake import ApplicationImported
from services.intake.domain.register import is_code


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """Take over a dossier in flight from another system: its export's line as the event says it."""

    imported: ApplicationImported


def take_over(command: Import) -> list[Event]:
    imported = command.imported
    if imported.received_at > imported.imported_at:
        raise Rejected("in_the_future", Text("Ngày tiếp nhận ở tương lai.", "It was received in the future."))
    if not imported.system or not imported.key:
        raise Rejected("no_source", Text("Thiếu hệ thống nguồn hoặc khoá.", "The source system or its key is missing."))
    if not is_code(imported.code):
        raise Rejected("bad_code", Text("Mã hồ sơ không hợp lệ.", "That is not a dossier code."), dossier=imported.code)
    if (imported.status == "resolved") != (imported.outcome is not None):
        raise Rejected(
            "outcome_missing",
            Text(
                "Hồ sơ đã giải quyết (và chỉ hồ sơ đó) phải có kết quả.",
                "A resolved dossier, and no other, has an outcome.",
            ),
        )
    return [imported]
