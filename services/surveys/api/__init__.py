"""What programs say to surveys: a route a command, a route a question."""

from services.surveys.api import (
    answering,
    campaigns,
    entering,
    exports,
    invitations,
    results,
    sampling,
    sheets,
    slips,
    voiding,
)

routers = (
    campaigns.router,
    sampling.router,
    slips.router,
    invitations.router,
    answering.router,
    entering.router,
    sheets.router,
    voiding.router,
    results.router,
    exports.router,
)
