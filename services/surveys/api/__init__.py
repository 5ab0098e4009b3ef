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
    entering.router,
    sheets.router,
    voiding.router,
    results.router,
    exports.router,
)
first = (answering.router,)
"""Routes are tried in their order, and this one is asked by fifty thousand people a minute."""
