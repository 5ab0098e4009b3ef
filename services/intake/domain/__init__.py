"""What intake decides, by business noun: applications, forms, visits, procedures, units, the register's numbers."""

from services.intake.domain import application, procedure, register, unit, visit

deciders = (application.application, visit.visit, procedure.procedure, unit.unit, register.register)
