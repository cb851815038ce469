"""A small team's relman.toml, for tests that change one thing of it."""

from __future__ import annotations

from pathlib import Path

from relman import config

TEXT = """\
profile = "team"

[service.api]
project = "mervo-prod"
region = "europe-west1"

[window]
tz = "Europe/Berlin"
windows = [{ days = ["wed"], start = "10:00", end = "16:00" }]
holidays = [{ date = "2026-12-25", name = "Christmas" }]

[model]
version = "1.0"
tz = "Europe/Berlin"
since = "2026-12-01"

[people.ana]
name = "Ana Ruiz"
emails = ["ana@mervo.example"]
handle = "@ana-ruiz"

[people.ben]
name = "Ben Okoro"
emails = ["ben@mervo.example"]

[roles.ops-lead]
holder = "ana"
deputy = "ben"
owns = ["uptime", "billing", "connectivity", "runbooks"]

[roles.eng-lead]
holder = "ben"
deputy = "ana"
owns = ["migrations", "launch"]

[[raci]]
id = "deploy-rollback"
what = "Deploy and roll back"
decides = "release"
R = "on-call"
A = "eng-lead"
C = "ops-lead"

[[raci]]
id = "incident-response"
what = "Respond to incidents"
decides = "incident"
R = "on-call"
A = "ops-lead"

[[domain]]
id = "billing"
owner = "ops-lead"
runbook = "docs/runbooks/billing.md"
severity = { P1 = "nobody can pay", P2 = "one payment method fails" }

[severity.P1]
means = "the service is down"
respond = "15m"
acknowledge = "5m"
update = "30m"
tell = ["on-call", "ops-lead"]
via = "pager"
review = true

[[cadence]]
id = "mon"
what = "Review last week's incidents"
when = "mon 10:00"
owner = "ops-lead"
attend = ["eng-lead"]
command = "release.history"

[oncall]
tz = "Europe/Berlin"
layers = [{ participants = ["ana", "ben"], start = "2026-11-30T09:00", every = { weeks = 1 } }]

[[escalation]]
steps = [{ notify = ["on-call"], wait_minutes = 5 }, { notify = ["eng-lead"], wait_minutes = 10 }]

[[touchpoint]]
paths = ["billing/**", "*.sql"]
domain = "billing"

[review]
approvals = 1

[backlog]
untriaged = "7d"
open = { P1 = 0, P2 = 3 }

[documents]
"""


def team(folder: Path, text: str = TEXT) -> config.Config:
    """The configuration, written into a folder with the runbook that it names."""
    runbook = folder / "docs/runbooks/billing.md"
    if not runbook.exists():
        runbook.parent.mkdir(parents=True, exist_ok=True)
        runbook.write_text("---\nowner: ops-lead\nreviewed: 2026-11-02\n---\n# Billing\n", "utf-8")
    path = folder / "relman.toml"
    path.write_text(text, "utf-8")
    return config.load(path)
