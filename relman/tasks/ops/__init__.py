"""``inv ops.*``: the operating model as people use it, day by day.

What it is not: logic. Each task parses, calls ``operating``, and prints. A module a concern; their
tasks are gathered here.
"""

from __future__ import annotations

from invoke.collection import Collection

from relman.tasks.ops import oncall
from relman.tasks.ops.cadence import actions, done, hold, review, today
from relman.tasks.ops.check import check
from relman.tasks.ops.documents import documents
from relman.tasks.ops.gaps import gaps
from relman.tasks.ops.touchpoints import touchpoints
from relman.tasks.ops.trace import trace

ns = Collection("ops")
ns.add_task(check)
ns.add_task(documents)
ns.add_task(gaps)
ns.add_task(touchpoints)
ns.add_task(trace)
ns.add_task(oncall.escalate)
ns.add_collection(oncall.ns)
for each in (today, hold, review, actions, done):
    ns.add_task(each)
