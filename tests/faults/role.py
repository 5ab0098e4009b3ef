"""One process of the toy service in one role: what a supervisor starts, and what the tests of faults kill."""

import asyncio
import sys

import toy
from kernel import logs, run
from kernel.settings import settings

if __name__ == "__main__":
    logs.set_up(json=False)
    role: run.Role = sys.argv[1]  # type: ignore[assignment]
    asyncio.run(run.serve(toy.definition, settings(), role))
