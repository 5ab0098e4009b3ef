"""The wiring of deadlines."""

from pathlib import Path

from kernel.service import Definition
from services.deadlines import api, pages
from services.deadlines.api.reference import known
from services.deadlines.api.sending import send
from services.deadlines.domain.apology import apology
from services.deadlines.domain.calendar import calendar
from services.deadlines.domain.clock import clock
from services.deadlines.domain.leg import leg
from services.deadlines.domain.letters import letters
from services.deadlines.policy import duties, policy
from services.deadlines.projection import views

HERE = Path(__file__).parent

definition = Definition(
    name="deadlines",
    deciders=(clock, apology, leg, calendar, letters),
    hears=("intake", "transfers", "deadlines"),
    views=views,
    policy=policy,
    tables=HERE / "tables.sql",
    routers=lambda: (*pages.routers, *api.routers),
    templates=HERE / "pages",
    known=known,
    duties=duties,
    errands=(send,),
    code_of="SELECT code FROM view.clock WHERE $1 IN (stream, application)"
    " UNION ALL SELECT code FROM view.apology WHERE stream = $1 LIMIT 1",
    unit_called="SELECT NULL::date AS since, name FROM view.unit WHERE unit = $1",
)
