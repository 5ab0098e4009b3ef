"""Transfers owns the cases of pupils who change schools, the places of classes, where a pupil goes to school, and the
letters that ask the Department's leadership for its consent.

It says what schemas/transfers.py lists. It hears intake (dossiers of the procedure, units), deadlines (until when a
step is due) and itself.
"""
