"""What is no override and no consent: another key, namespace, image, time or byte (T02, T07, T09)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from relman.errors import RelmanError
from relman.gates.approval import breakglass
from relman.ops import overrides
from relman.signing import GO, Subject
from tests.ruling.lifters import THURSDAY, Lifters, asked_by_hand, consent_by_hand, refused

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_what_is_written_by_hand_and_right_counts(lifters: Lifters) -> None:
    """The tests below fail for their own reason."""
    consent_by_hand(lifters, asked_by_hand(lifters))
    lifters.cut()
    assert lifters.verdict().passes


@pytest.mark.parametrize(
    "said",
    [
        {"namespace": GO},
        {"person": "mallory"},
        {"person": "mallory", "name": "ana"},
        {"person": "ben", "name": "ana"},
        {"override": "0" * 64},
        {"subject": (Subject.of("api", "cd" * 32),)},
        {"signed_at": int((THURSDAY + 6 * MINUTE).timestamp())},
        {"signed_at": int((THURSDAY - 6 * MINUTE).timestamp())},
        {"signed_at": int((THURSDAY + 2 * HOUR).timestamp())},
    ],
    ids=str,
)
def test_a_consent_that_is_none(lifters: Lifters, said: dict[str, Any]) -> None:
    """T02, T09: another namespace, key, override or image, or a clock that is wrong: it lifts nothing."""
    consent_by_hand(lifters, asked_by_hand(lifters), **said)
    assert "second has not signed yet" in refused(lifters).what
    assert lifters.entries(overrides.KIND) == []


@pytest.mark.parametrize(
    "said",
    [
        {"namespace": GO},
        {"person": "mallory", "signer": "Ben@Mervo.example"},
        {"signed_at": int((THURSDAY + 6 * MINUTE).timestamp())},
        {"version": "1.4.1"},
    ],
    ids=str,
)
def test_an_override_that_is_none(lifters: Lifters, said: dict[str, Any]) -> None:
    """It is passed over, and the one who cuts signs one of their own."""
    first = asked_by_hand(lifters, **said)
    consent_by_hand(lifters, first)
    refused(lifters)
    assert len(lifters.files) == 2


def test_each_byte_counts(lifters: Lifters) -> None:
    """T02: a byte of either statement or signature that was flipped makes it none."""
    refused(lifters)
    lifters.agree("ana")
    for path in [*lifters.office.root.glob("checklists/overrides/*")]:
        content = path.read_bytes()
        for at in range(30, len(content) - 30, 61):
            path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            lying = lifters.ask(lambda question: terms_of(question, lifters))
            assert lying is None, (path.name, at)
        path.write_bytes(content)
    lifters.cut()


def terms_of(question: Any, lifters: Lifters) -> Any:
    """Whether what lies there was agreed to; None if not."""
    from relman.approval import lifting as shelf

    terms = breakglass.Terms.of(question)
    (one,) = shelf.lying(lifters.office.root)
    try:
        found = breakglass.asked(one.first, terms)
    except RelmanError:
        return None
    return breakglass.first_agreed(found, one.seconds, "deploy-rollback", terms)


def test_a_consent_that_came_too_late(lifters: Lifters) -> None:
    """T09: two hours after the first signature a second one is none, though it is fresh itself."""
    first = asked_by_hand(lifters)
    consent_by_hand(lifters.at(THURSDAY + 2 * HOUR), first)
    assert "second has not signed yet" in refused(lifters).what


def test_one_key_is_not_two_people(lifters: Lifters) -> None:
    """T07: a list that gives Ben's key to Ana too, signed as it may be, lets nobody lift a gate alone."""
    office = lifters.office
    path = office.root / "checklists/policy/000002.allowed_signers"
    text = (office.root / "checklists/policy/000001.allowed_signers").read_text("utf-8")
    ben = next(line for line in text.splitlines() if line.startswith("Ben"))
    path.write_text(f"{text}ana@mervo.example {ben.partition(' ')[2]}\n", "utf-8")
    office.propose()
    office.sign("ana")
    office.sign("cleo")
    office.as_("ben")
    consent_by_hand(lifters, asked_by_hand(lifters), person="ben", name="ana")
    assert "second has not signed yet" in refused(lifters).what
