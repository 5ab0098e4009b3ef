"""What is sent with a command: the fields that many have in common, and when it happened."""

import datetime as dt
from typing import Annotated, Any

from fastapi import HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kernel.decider import Text
from kernel.service import Service
from schemas.event import Actor
from services.intake.api.access import OFFICERS
from services.intake.api.reference import Reference, local_day
from services.intake.domain.when import When, check_when

Words = Annotated[str, Field(max_length=4000)]
Id = Annotated[str, Field(min_length=1, max_length=60)]
FileNames = Annotated[dict[str, Annotated[str, Field(max_length=255)]], Field(max_length=50)]
"""What their owner called the files, by digest."""


def example(**body: Any) -> ConfigDict:
    """An example of a body, for the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [body]})


class Body(BaseModel):
    """What is sent: nothing that the form does not have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    happened_at: AwareDatetime | None = None
    late_reason: Annotated[str, Field(max_length=500)] = ""


def when_of(service: Service, known: Reference, actor: Actor, body: Body) -> When:
    """When it happened and when it is written down, both in UTC. Raises Rejected before anything is counted from a
    time that can't be, and 403 for a citizen who would choose the day whose rules hold."""
    if body.happened_at and not OFFICERS & set(actor.roles):
        raise HTTPException(
            403, Text("Chỉ cán bộ mới nhập việc đã xảy ra trước đó.", "Only officers enter what happened earlier.")
        )
    now = service.clock.now()
    happened, rule = body.happened_at or now, known.rules(local_day(now)).late_entry
    check_when(When(happened_at=happened, recorded_at=now, rule=rule, reason=body.late_reason))
    return When(happened_at=happened.astimezone(dt.UTC), recorded_at=now, rule=rule, reason=body.late_reason)
