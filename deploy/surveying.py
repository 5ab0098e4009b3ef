"""A survey's sample, drawn again by whoever doubts it: from the two files that its page gives, and nothing else."""

from typing import Any

import msgspec
from pydantic import TypeAdapter, ValidationError

from deploy.trouble import Trouble
from schemas.surveys import Chosen, Design, Reserve
from services.surveys.api.sampling import BadFrame, read_frame
from services.surveys.domain import frame, sampling


def repeat(listed: bytes, told: bytes) -> list[str]:
    """What differs from the draw that was told (the JSON of GET /campaigns/{id}/draw) when it is drawn again from this
    frame (CSV); nothing where all is the same. Raises Trouble for files that are not those."""
    try:
        schools = read_frame(listed)
    except BadFrame as error:
        first = error.found[0]
        raise Trouble(f"The frame can't be read: {first.where.en}: {first.says.en}") from None
    try:
        draw: dict[str, Any] = msgspec.json.decode(told, type=dict[str, Any])
        design = TypeAdapter(Design).validate_python(draw["design"])
        chosen = TypeAdapter(tuple[Chosen, ...]).validate_python(draw["chosen"])
        reserves = TypeAdapter(tuple[Reserve, ...]).validate_python(draw["reserves"])
        digest, seed, method, target = (draw[name] for name in ("digest", "seed", "method", "target"))
    except (msgspec.MsgspecError, ValidationError, KeyError) as error:
        raise Trouble(
            f"The draw can't be read ({type(error).__name__}): download it from the campaign again."
        ) from None
    if method != sampling.METHOD:
        raise Trouble(f"It was drawn by {method}, this program draws by {sampling.METHOD}: use the version of then.")
    again = sampling.draw(schools, design, seed, target)
    differences = []
    if frame.digest(schools) != digest:
        differences.append(f"The frame is another one: its digest is {frame.digest(schools)}, not {digest}.")
    for name, was, now in (
        ("classes", {_class(each) for each in chosen}, {_class(each) for each in again.chosen}),
        ("reserve schools", {s for e in reserves for s in e.schools}, {s for e in again.reserves for s in e.schools}),
    ):
        if was != now:
            only = ", ".join(sorted(was ^ now)[:5])
            differences.append(f"Other {name} come out: {only}.")
    if not differences and (chosen, reserves) != (again.chosen, again.reserves):
        differences.append("The same classes come out, with other chances or in another order.")
    return differences


def _class(each: Chosen) -> str:
    return f"{each.class_name} of {each.school}"
