"""A dossier's life, from the first draft to the result in hand.

    none ─▶ drafted ─▶ submitted ─▶ in_process ⇄ supplement_asked        (a supplement is asked once)
                           │            │
                           ▼            ▼
                     not_accepted    resolved ─▶ handed_over             stopped and withdrawn end it on the way

Begin with `life`: its table says which command is allowed when. `dossier` is how one stands; the others are the parts
of its life, each with its commands and what they come to.

What a decision needs from elsewhere (the rules in force, the procedure's terms, the code allotted, the appointment
counted by the calendar) is in the command. Personal values may be sealed here: nothing is decided by what they say.
"""
