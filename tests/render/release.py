"""One release's events, as the engine emits them."""

from __future__ import annotations

from relman.models import Event


def traffic(percent: int) -> Event:
    """The candidate's share, and stable's."""
    names = (("1.8.0", "api-v1-8-0-3f2a91c", percent), ("1.7.3", "api-v1-7-3-0b1c2d3", 100 - percent))
    shares = [{"label": label, "revision": revision, "percent": part} for label, revision, part in names]
    return Event("traffic", "", facts={"shares": shares})


STEPS = [
    {"key": "deploy", "line": "deploy 0 %"},
    {"key": "smoke", "line": "smoke on tag URL"},
    {"key": "shift", "line": "shift 25 %"},
    {"key": "hold", "line": "hold at 25 %", "seconds": 600},
    {"key": "rest", "line": "50 %", "seconds": 600},
    {"key": "live", "line": "smoke on live URL"},
]


def opening() -> list[Event]:
    """A release up to the start of its first bake."""
    return [
        Event(
            "plan",
            "api 1.7.3 -> 1.8.0   europe-west1, production",
            facts={"id": "7f3a91c2", "steps": STEPS, "notes": ["8 commits, 23 files"]},
        ),
        Event("gate", "deploy window", facts={"answer": "go", "fact": "Wed 10:00-16:00 Europe/Berlin"}),
        Event("gate", "sign-off", facts={"answer": "not set up", "fact": 'profile = "solo"'}),
        Event("step.started", "deploy 0 %", key="deploy", facts={"number": 1, "of": 6}),
        Event("step.done", "deploy 0 %", key="deploy", seconds=21, facts={"value": "tag c-12ab3"}),
        Event("step.started", "smoke on tag URL", key="smoke"),
        Event(
            "step.done", "smoke on tag URL", key="smoke", seconds=9, facts={"value": "24 checks, p95 180 ms"}
        ),
        Event("step.started", "shift 25 %", key="shift"),
        traffic(25),
        Event("step.done", "shift 25 %", key="shift", seconds=2.44),
        Event("step.started", "hold at 25 %", key="hold"),
    ]


def waiting(elapsed: float) -> Event:
    """The bake, that many seconds after its start."""
    facts = {"elapsed": elapsed, "total": 600, "detail": "errors 0.02 % (limit 0.5)"}
    return Event("step.waiting", "hold at 25 %", key="hold", facts=facts)


def success() -> list[Event]:
    """The end of a release that went well."""
    return [
        Event("step.done", "hold at 25 %", key="hold", seconds=600, facts={"value": "errors 0.02 %"}),
        traffic(100),
        traffic(100),
        Event("done", "1.8.0 live", seconds=611, facts={"undo": "inv release.rollback --to 1.7.3"}),
    ]


def failure() -> list[Event]:
    """The end of a release that was put back."""
    return [
        Event(
            "step.failed", "hold at 25 %", key="hold", seconds=250, facts={"reason": "p95 348 ms > 250 ms"}
        ),
        Event("step.started", "traffic back to 1.7.3", key="back"),
        traffic(0),
        Event("step.done", "traffic back to 1.7.3", key="back", seconds=4, facts={"value": "20 requests"}),
        Event(
            "failed",
            "1.8.0 was NOT released",
            facts={"code": 4, "fact": "p95", "clears": "inv release.why 1.8.0", "served": "1.7.3 serves"},
        ),
    ]
