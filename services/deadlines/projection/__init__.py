"""What deadlines shows: clocks, apologies, to whom they go, the steps of transfers, what units need, the calendar."""

from kernel.calendar_view import calendar
from services.deadlines.projection.apology import apology, recipient
from services.deadlines.projection.clock import clock, finished_stage
from services.deadlines.projection.leg import leg
from services.deadlines.projection.unit import unit

views = (calendar, clock, finished_stage, apology, recipient, leg, unit)
