"""Papers as PDF, by the forms of the rule pack: those of a dossier, the register, the guidance of a visitor.

A paper is made anew from the log each time, so it always says what the log says, and the same log gives the same bytes.
"""

from services.intake.api.paper import dossier, guidance, register

routers = (dossier.router, register.router, guidance.router)
