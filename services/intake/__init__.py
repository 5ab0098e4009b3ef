"""Intake owns the one-stop: dossiers from the first visit to the result in hand, the procedures and their terms, the
units, the register's numbers and the rule packs that say what is lawful on which day.

It says what schemas/intake.py lists. It hears itself (every view is a projection of what it said), deadlines (a
supplement that never came, an appointment that the law moved) and transfers (how a transfer was decided).
"""
