"""Truths of the live screen's layout, before any terminal sees it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from relman.models import Event
from relman.render.frame import ASCII, Glyphs, Page, extent, record, region
from relman.render.progress import Progress
from tests.render.release import failure, opening, success, waiting
from tests.render.terminal import NOON

WORDS = st.text(max_size=60)
STEPS = st.lists(st.builds(lambda key, line: {"key": key, "line": line}, WORDS, WORDS), max_size=6)
ODD = st.lists(
    st.one_of(
        st.builds(lambda text, steps: Event("plan", text, facts={"steps": steps}), WORDS, STEPS),
        st.builds(lambda text: Event("step.started", text, key="x"), WORDS),
        st.builds(
            lambda text, detail, total: Event(
                "step.waiting", text, key="x", facts={"detail": detail, "total": total}
            ),
            WORDS,
            WORDS,
            st.floats(0, 1e9),
        ),
        st.builds(
            lambda label, percent: Event(
                "traffic", "", facts={"shares": [{"label": label, "percent": percent}] * 2}
            ),
            WORDS,
            st.integers(0, 100),
        ),
        st.builds(lambda text: Event("step.failed", text), WORDS),
    ),
    max_size=8,
)


def folded(events: list[Event]) -> Progress:
    """What the screen knows after them."""
    progress = Progress(NOON)
    for event in events:
        progress = progress.after(event, NOON)
    return progress


@given(events=ODD, columns=st.integers(1, 130), glyphs=st.sampled_from([Glyphs(), ASCII]))
def test_no_moving_line_reaches_the_last_column(events: list[Event], columns: int, glyphs: Glyphs) -> None:
    """A line that wraps would be counted as one row and leave its rest on the screen."""
    page = Page(folded(events), columns, glyphs)
    lines = region(page, NOON + timedelta(days=3))
    assert all(extent(line) <= max(columns - 1, 1) for line in lines)
    assert not any("\n" in text for line in lines for text, _ in line)


@given(events=ODD, columns=st.integers(1, 130))
def test_every_event_can_be_laid_out(events: list[Event], columns: int) -> None:
    """Whatever it says and however narrow the window: a screen must not end a release."""
    for at, event in enumerate(events):
        record(event, Page(folded(events[: at + 1]), columns, Glyphs()))


def test_a_step_that_is_over_waits_no_longer() -> None:
    """Pending is what has not started; a failure leaves nothing pending."""
    assert [step.key for step in folded(opening()).pending] == ["rest", "live"]
    assert folded([*opening(), *failure()[:1]]).pending == ()
    assert folded([*opening(), *success()[:1]]).running is None


def test_time_left_is_what_the_plan_and_the_wait_say() -> None:
    """The rest of the bake, and the bakes to come; a wait that overran counts as none."""
    progress = folded([*opening(), waiting(250)])
    assert progress.left(NOON) == 350 + 600
    assert progress.left(NOON + timedelta(seconds=50)) == 300 + 600
    assert progress.left(NOON + timedelta(hours=1)) == 600


def test_a_rollback_says_what_one_can_do_itself() -> None:
    """A rollback's screen does not advise a rollback."""
    plan = Event("plan", "back", facts={"foot": ["Ctrl-C leaves the traffic as it is"]})
    page = Page(folded([plan]), 100, Glyphs())
    assert region(page, NOON)[-1][0][0] == " 0:00 elapsed · Ctrl-C leaves the traffic as it is"
