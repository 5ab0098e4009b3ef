"""Structured logs: one line an event, JSON in production, readable in a terminal. Never personal data.

A line about a dossier has its code as `application` (its id, before it has one), never its tracking code.
"""

import logging
import sys

import structlog


def about(dossier: str) -> None:
    """What this request says from now on is about this dossier, named by its code."""
    structlog.contextvars.bind_contextvars(application=dossier)


def set_up(*, json: bool) -> None:
    """Every log line, a library's too, goes through structlog to standard error."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if json else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("kernel").setLevel(logging.INFO)
