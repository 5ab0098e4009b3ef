"""The wiring of surveys."""

from pathlib import Path

from kernel.service import Definition
from services.surveys import api, pages
from services.surveys.domain.campaign import campaign
from services.surveys.domain.contact import contact
from services.surveys.policy import policy
from services.surveys.projection import views

HERE = Path(__file__).parent

definition = Definition(
    name="surveys",
    deciders=(campaign, contact),
    hears=("intake", "deadlines", "surveys"),
    views=views,
    policy=policy,
    tables=HERE / "tables.sql",
    routers=lambda: (*pages.routers, *api.routers),
    templates=HERE / "pages",
)
