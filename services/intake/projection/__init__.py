"""What intake shows: the register of dossiers, the catalogue of procedures, what each electronic one-stop shows,
units, and visits. Every function is total: any event may meet any row, or none.

A dossier's line (`line`) is changed by one function an event, in a file for each part of its life; `register` is their
table. Personal data stays sealed in the rows; whoever may read it opens it with the subject's key.
"""

from kernel.calendar_view import calendar
from services.intake.projection.catalogue import procedure, shown
from services.intake.projection.register import application
from services.intake.projection.unit import unit
from services.intake.projection.visit import visit

views = (calendar, application, procedure, shown, unit, visit)
