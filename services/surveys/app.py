"""The wiring of surveys."""

from pathlib import Path

from kernel.service import Definition
from services.surveys import api, pages
from services.surveys.api.catalogue import publish
from services.surveys.api.counting import freeze_due
from services.surveys.api.inviting import invite
from services.surveys.api.releasing import release
from services.surveys.domain.box import box, remark
from services.surveys.domain.campaign import campaign
from services.surveys.domain.contact import contact
from services.surveys.domain.invitation import invitation
from services.surveys.domain.questionnaire import questionnaire
from services.surveys.policy import duties, policy
from services.surveys.projection import views

HERE = Path(__file__).parent

definition = Definition(
    name="surveys",
    deciders=(campaign, contact, questionnaire, invitation, box, remark),
    hears=("intake", "deadlines", "surveys"),
    views=views,
    policy=policy,
    tables=HERE / "tables.sql",
    routers=lambda: (*api.first, *pages.routers, *api.routers),
    templates=HERE / "pages",
    unit_called="SELECT NULL::date AS since, name FROM view.unit WHERE unit = $1",
    duties=duties,
    errands=(publish, release, invite, freeze_due),
)
