"""Surveys owns questionnaires, campaigns with their samples and results, invitations, and the answers of people.

It says what schemas/surveys.py lists. It hears intake (who was given a result, units), deadlines (what was late) and
itself. Nobody can join who answered with what was answered: DECISIONS.md and docs/anonymity.md say how.
"""
