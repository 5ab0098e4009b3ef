"""What people see of transfers: heads their inbox and cases, leadership its briefs, the office the log, families how
far it is."""

from fastapi import APIRouter, Depends

from kernel.web import name_unit
from services.transfers.pages import exchange, leadership, officers, public, schools

_pages = APIRouter(dependencies=[Depends(name_unit)])
for _each in (officers, leadership, exchange, schools, public):
    _pages.include_router(_each.router)

routers = (_pages,)
