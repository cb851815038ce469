"""A history as a small team's are: the product and the work that the project's operating model is about."""

from __future__ import annotations

from tests.notes.repository import Made

GRACE = "Grace Hopper <grace@example.invalid>"
BOT = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
REMOTE = "https://robot:secret-token@github.com/mervo/platform.git"

HISTORY = [
    Made("feat: open the platform", file="app.py"),
    Made("feat(auth): log in with a phone number", file="auth.py"),
    Made("fix(uploads): retry an upload that broke off (#4)", tag="v0.3.0", file="uploads.py"),
    Made(
        "feat(api)!: tell times of jobs in UTC (#12)\n\n"
        "Clients mixed zones up.\n\n"
        "BREAKING CHANGE: `starts_at` ends with Z now.\n\n"
        "To move:\n\n"
        "- read the offset instead of guessing it\n"
        "- before: `2026-01-01T10:00`, after: `2026-01-01T09:00Z`\n\n"
        "```\nGET /v1/jobs?zone=utc\n```\n"
        "Closes #9\n"
        f"Co-authored-by: {GRACE}\n",
        file="api.py",
    ),
    Made("feat(clock-in): work without a network for a day", author=GRACE, file="clock.py"),
    Made("feat(billing): escalate a failed Stripe charge", file="billing.py"),
    Made("fix(login): answer within the P95 of 300 ms", author=GRACE, file="auth.py"),
    Made("perf(jobs): fetch a page of jobs in one query", file="db/migrations/0007_jobs_index.sql"),
    Made("fix(uploads): show what failed, `413` too (fixes #31)\n\nRefs: #30, #31", file="uploads.py"),
    Made("docs: say who is on call", file="docs/on-call.md"),
    Made("chore(deps): bump requests from 2.31.0 to 2.32.0 (#14)", author=BOT, file="requirements.txt"),
    Made(
        'Revert "feat(billing): escalate a failed Stripe charge"\n\nThis reverts commit of before.',
        file="billing.py",
    ),
    Made("tidy up after the incident", author=GRACE, file="app.py"),
    Made("feat: a topic", parents=[13], file="topic.py"),
    Made("Merge branch 'topic'", parents=[13, 14]),
    Made("chore: prepare\n\nBREAKING CHANGE #2 is for later", file="chore.txt"),
]
"""Since v0.3.0: what breaks, features, fixes, one that was taken back, a program, words of no convention."""
