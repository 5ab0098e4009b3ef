"""What surveys shows."""

from services.surveys.projection.campaign import campaign, questionnaire
from services.surveys.projection.contact import contact, dossier, unit
from services.surveys.projection.invitation import invitation
from services.surveys.projection.remark import remark
from services.surveys.projection.sheet import sheet

views = (campaign, questionnaire, contact, dossier, unit, sheet, remark, invitation)
