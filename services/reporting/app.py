"""Reporting, put together."""

from pathlib import Path

from kernel.service import Definition
from services.reporting import api, pages, policy, projection

HERE = Path(__file__).parent

definition = Definition(
    name="reporting",
    deciders=(),
    hears=("intake",),
    views=projection.views,
    policy=policy.policy,
    tables=HERE / "tables.sql",
    routers=lambda: (api.router, pages.router(api.answered, api.watch, api.listed, api.names)),
    templates=HERE / "pages",
    code_of="SELECT code FROM view.application WHERE stream = $1",
    unit_called="SELECT (each ->> 'day')::date AS since, each ->> 'name' AS name FROM view.unit,"
    " jsonb_array_elements(history) WITH ORDINALITY AS told(each, place) WHERE unit = $1 ORDER BY place",
)
