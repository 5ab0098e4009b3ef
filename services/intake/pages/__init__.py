"""What a person sees of intake: citizens find, submit and follow; officers receive and work; operators keep the
catalogue. Every page works without a script, and stands on the same functions as the routes of `api`."""

from fastapi import APIRouter, Depends

from kernel.web import name_unit
from services.intake.pages.action import router as action
from services.intake.pages.catalogue import router as catalogue
from services.intake.pages.desk import router as desk
from services.intake.pages.dossier import router as dossier
from services.intake.pages.entry import router as entry
from services.intake.pages.public import router as public
from services.intake.pages.submit import router as submit

_pages = APIRouter(dependencies=[Depends(name_unit)])
for _each in (public, submit, desk, dossier, action, entry, catalogue):
    _pages.include_router(_each)

routers = (_pages,)
