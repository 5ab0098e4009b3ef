"""Reporting owns the figures: per unit, procedure, channel and day, what was received, is in progress, was finished or
was turned away, and the dossiers behind each figure.

It hears intake, and will hear deadlines, transfers and surveys once they speak. It says nothing yet, so there is
nothing of its own to hear; periods that are opened, closed and frozen will be its first events.
"""
