"""What programs say to deadlines: a route a command, a route a question."""

from services.deadlines.api import apology, calendar, deadline

routers = (deadline.router, apology.router, calendar.router)
