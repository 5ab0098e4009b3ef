"""Deadlines owns the clocks of all dossiers, the apologies that are owed for broken promises, and the calendar.

It says what schemas/deadlines.py and schemas/calendar.py list. It hears intake (what happens to a dossier, whom its
letters go to, what units are called), transfers (the steps of a transfer) and itself.
"""
