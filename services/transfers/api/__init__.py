"""What programs say to transfers: a route a command, a route a question."""

from services.transfers.api import (
    acting,
    arrivals,
    case,
    classes,
    consulting,
    correcting,
    delegations,
    documents,
    figures,
    inbox,
    opinions,
    paper_reply,
)

routers = (
    inbox.router,
    case.router,
    acting.router,
    correcting.router,
    consulting.router,
    paper_reply.router,
    opinions.router,
    delegations.router,
    documents.router,
    arrivals.router,
    classes.router,
    figures.router,
)
