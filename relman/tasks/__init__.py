"""The tasks, as one namespace: ``from relman.tasks import ns`` is a whole ``tasks.py``.

What it is not: where anything is done. Each module below is one collection: it takes the flags,
calls the library, and prints.
"""

import sys

# Invoke forbids Python to keep compiled modules, which costs every later run up to half of its
# start-up. What the caller asked of Python itself (-B, PYTHONDONTWRITEBYTECODE) stays.
sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)

from invoke.collection import Collection  # noqa: E402

from relman.tasks import (  # noqa: E402
    checklist,
    demo,
    founding,
    ops,
    platform,
    policy,
    release,
    signers,
    smoke,
    test,
    window,
)

ns = Collection(checklist, demo, ops, platform, policy, release, signers, smoke, test, window)
ns.add_task(founding.init, default=False)
ns.add_task(release.status, name="status", default=False)
