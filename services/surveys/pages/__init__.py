"""What people see of surveys: who is asked the questionnaire, who measures the campaigns and their results."""

from fastapi import APIRouter, Depends

from kernel.web import name_unit
from services.surveys.pages import campaigns, officers, outcomes, planning, respondents, samples, sheets

_pages = APIRouter(dependencies=[Depends(name_unit)])
for _each in (officers, planning, samples, sheets, outcomes, campaigns):
    _pages.include_router(_each.router)

routers = (respondents.router, _pages)
