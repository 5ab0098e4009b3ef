"""The wiring of intake."""

from pathlib import Path

from kernel.service import Definition
from services.intake import api, pages
from services.intake.domain.application.life import application
from services.intake.domain.procedure import procedure
from services.intake.domain.register import register
from services.intake.domain.unit import unit
from services.intake.domain.visit import visit
from services.intake.policy import policy
from services.intake.projection import views

HERE = Path(__file__).parent

definition = Definition(
    name="intake",
    deciders=(application, visit, procedure, unit, register),
    hears=("intake", "deadlines", "transfers"),
    views=views,
    policy=policy,
    tables=HERE / "tables.sql",
    routers=lambda: (*api.routers, *pages.routers),  # what is asked most comes first: routes are tried in turn
    templates=HERE / "pages",
    code_of="SELECT code FROM view.application WHERE stream = $1",
    unit_called="SELECT (each ->> 'day')::date AS since, each -> 'facts' ->> 'name' AS name FROM view.unit,"
    " jsonb_array_elements(history::jsonb) WITH ORDINALITY AS told(each, place) WHERE unit = $1 ORDER BY place",
)
