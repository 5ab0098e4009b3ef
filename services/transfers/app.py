"""The wiring of transfers."""

from pathlib import Path

from kernel.service import Definition
from services.transfers import api, pages
from services.transfers.api.exchanging import exchange
from services.transfers.api.reference import known
from services.transfers.domain.arrival import arrival
from services.transfers.domain.delegation import delegation
from services.transfers.domain.document import document
from services.transfers.domain.letters import letters
from services.transfers.domain.opinion import opinion
from services.transfers.domain.place import school_class
from services.transfers.domain.pupil import pupil
from services.transfers.domain.transfer import transfer
from services.transfers.policy import policy
from services.transfers.projection import views

HERE = Path(__file__).parent

definition = Definition(
    name="transfers",
    deciders=(transfer, pupil, school_class, document, opinion, delegation, letters, arrival),
    hears=("intake", "deadlines", "transfers"),
    views=views,
    policy=policy,
    tables=HERE / "tables.sql",
    routers=lambda: (*pages.routers, *api.routers),
    templates=HERE / "pages",
    known=known,
    errands=(exchange,),
    unit_called="SELECT NULL::date AS since, name FROM view.unit WHERE unit = $1",
)
