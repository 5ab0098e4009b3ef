"""What programs say to intake: one route a command, one route a question."""

from services.intake.api import application, attachment, catalogue, form, importing, paper, register, submission, unit

routers = (
    submission.router,
    register.router,
    application.router,
    attachment.router,
    catalogue.router,
    form.router,
    unit.router,
    importing.router,
    paper.router,
)
