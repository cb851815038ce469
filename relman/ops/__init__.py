"""How a team runs what it ships: when shipping is allowed, today; people and cadence follow.

What it is not: the way of a release. Everything here is a pure function of what the team wrote
down and of a time that is handed in.
"""
