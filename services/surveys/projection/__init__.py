"""What surveys shows."""

from services.surveys.projection.campaign import campaign, questionnaire
from services.surveys.projection.contact import contact, dossier, unit

views = (campaign, questionnaire, contact, dossier, unit)
