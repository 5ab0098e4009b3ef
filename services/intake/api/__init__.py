"""What programs say to intake: one route a command, one route a question."""

from services.intake.api import attachment, catalogue, form, importing, paper, register, submission, unit
from services.intake.api.application import life

routers = (
    submission.router,
    register.router,
    life.router,
    attachment.router,
    catalogue.router,
    form.router,
    unit.router,
    importing.router,
    *paper.routers,
)
