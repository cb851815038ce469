"""Smoke checks: fast HTTP checks that a service breathes, from a TOML file.

What it is not: a load test, a test of features, or evidence for a canary (ruling 28). It answers one
question of one URL: does what stands there do what the file says?
"""

from relman.smoke.reading import default_suite, load
from relman.smoke.report import Attempt, CheckResult, Measured, Report, junit, table
from relman.smoke.running import run
from relman.smoke.suite import Check, Suite

__all__ = [
    "Attempt",
    "Check",
    "CheckResult",
    "Measured",
    "Report",
    "Suite",
    "default_suite",
    "junit",
    "load",
    "run",
    "table",
]
