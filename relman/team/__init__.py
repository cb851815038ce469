"""What a team does besides releasing: look, meet, hand shifts on, and change its own rules.

What it is not: a release (``app``), and not the arithmetic (``ops``) or the signatures (``signing``) behind
it. ``operating`` opens the model and its record; each module beside it is one duty and its verbs:
``standby`` and ``handing`` for on call, ``holding`` for meetings, ``rulebook`` and ``ruling`` for the policy,
``enrolling`` and ``published`` for those who sign.
"""
