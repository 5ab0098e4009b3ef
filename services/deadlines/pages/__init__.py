"""What people see of deadlines: officers their day, heads what to sign, operators the calendar, applicants a date."""

from services.deadlines.pages import applicants, officers

routers = (officers.router, applicants.router)
