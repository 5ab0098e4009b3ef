"""What transfers shows: cases and their steps, places in classes, pupils, the document exchange, units, dossiers."""

from services.transfers.projection.dossier import dossier
from services.transfers.projection.exchange import arrival, delegation, document, opinion
from services.transfers.projection.places import classes, place, pupil
from services.transfers.projection.step import step
from services.transfers.projection.transfer import transfer
from services.transfers.projection.unit import unit

views = (transfer, step, classes, place, pupil, document, opinion, delegation, arrival, unit, dossier)
