"""What people see of deadlines: officers their day, heads what to sign, operators the calendar, applicants a date."""

from fastapi import APIRouter, Depends

from kernel.web import name_unit
from services.deadlines.pages import applicants, officers

_pages = APIRouter(dependencies=[Depends(name_unit)])
for _each in (officers, applicants):
    _pages.include_router(_each.router)

routers = (_pages,)
