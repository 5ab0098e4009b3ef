"""What programs say to surveys: a route a command, a route a question."""

from services.surveys.api import answering, campaigns, entering, invitations, sampling, sheets

routers = (
    answering.router,
    campaigns.router,
    sampling.router,
    invitations.router,
    entering.router,
    sheets.router,
)
