"""What programs say to deadlines: a route a command, a route a question."""

from services.deadlines.api import apology, calendar, deadline, leg

routers = (deadline.router, leg.router, apology.router, calendar.router)
