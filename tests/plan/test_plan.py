"""The way of a release as a value: pure, printable, storable, reversible."""

from __future__ import annotations

import msgspec
import pytest

from relman.ending import Ending
from relman.errors import Paused, UsageError
from relman.models import Candidate, Release, ServiceKey, TrafficSplit
from relman.plan import Plan, plan_first_release, plan_release, plan_rollback, stored
from relman.steps import Deploy, ShiftBack

KEY = ServiceKey("acme", "europe-west1", "api")
STABLE = Release("1.7.3", "api-v1-7-3-aaaaaaa", "sha256:aa")
OLDER = Release("1.7.2", "api-v1-7-2-bbbbbbb", "sha256:bb")
CANDIDATE = Candidate(
    key=KEY,
    environment="production",
    version="1.8.0",
    commit="c" * 40,
    image="europe-west1-docker.pkg.dev/acme/api@sha256:cc",
    template={"containers": [{"image": "europe-west1-docker.pkg.dev/acme/api@sha256:cc"}]},
    template_digest="d" * 64,
    revision="api-v1-8-0-ddddddd",
    tag="c-12345",
    prior="1.7.3",
)


def release(phases: tuple[int, ...] = (20, 50, 100), bake: float = 600.0) -> Plan:
    """A release of the candidate after 1.7.3."""
    return plan_release(
        CANDIDATE, (STABLE, OLDER), STABLE.revision, phases=phases, bake=bake, ending=Ending("v1.8.0")
    )


def test_a_release_in_its_order() -> None:
    """Gates and the way back first, 0 % and smoke before any user, the tag after 100 %."""
    assert [step.key for step in release().steps] == [
        "gates",
        "way-back",
        "deploy",
        "smoke-tag-0",
        "shift-20",
        "bake-20",
        "smoke-tag-20",
        "shift-50",
        "bake-50",
        "smoke-tag-50",
        "shift-100",
        "smoke-live-100",
        "tag",
    ]


def test_each_shift_starts_from_what_the_one_before_left() -> None:
    """The traffic that a step may start from is the traffic that the last one leaves."""
    left = TrafficSplit.all_to(STABLE.revision)
    for step in release((5, 25, 100)).steps:
        if step.leaves is not None:
            assert step.before == left  # type: ignore[union-attr] # only deploys and shifts leave traffic here
            left = step.leaves
    assert left == TrafficSplit.all_to(CANDIDATE.revision)


def test_keys_never_repeat_within_a_run() -> None:
    """The ledger finds a step by its key, on the way back too."""
    plan = release((1, 5, 10, 20, 50, 100))
    keys = [step.key for step in (*plan.steps, *plan.on_failure)]
    assert len(keys) == len(set(keys))


def test_every_step_prints_as_one_line() -> None:
    """The dry run is the list of lines."""
    for step in (*release().steps, *release().on_failure):
        assert step.line
        assert "\n" not in step.line


def test_a_plan_survives_being_stored() -> None:
    """Decoding the stored JSON gives an equal plan with the same digest."""
    plan = release()
    again = stored(msgspec.json.decode(msgspec.json.encode(plan.stored)))
    assert again == plan
    assert again.digest == plan.digest


def test_the_digest_tells_plans_apart() -> None:
    """Another phase, bake, candidate or stable revision is another plan; the same one has one digest."""
    assert release().digest == release().digest
    others = [
        release((10, 100)),
        release(bake=601),
        plan_first_release(CANDIDATE, None, ending=Ending("v1.8.0")),
    ]
    assert len({plan.digest for plan in [release(), *others]}) == 4


def test_a_plan_of_another_schema_is_not_run() -> None:
    """Exit 6: the version that began it must go on, or a rollback."""
    with pytest.raises(Paused, match="another version"):
        stored({**release().stored, "schema": 2})


def test_the_way_back_of_a_release_is_the_rollback_itself() -> None:
    """What a failed rollout does is plan_rollback, bound to the traffic that it may have left."""
    back = release().on_failure
    shift = back[0]
    assert isinstance(shift, ShiftBack)
    assert (shift.targets, shift.leaving) == ((STABLE,), CANDIDATE.revision)
    insisting = plan_rollback((STABLE,), (STABLE, OLDER), CANDIDATE.release)[0]
    assert msgspec.structs.replace(shift, befores=()) == insisting
    assert {split.percent(CANDIDATE.revision) for split in shift.befores} == {0, 20, 50, 100}


def test_a_first_release_has_no_phases_and_nothing_to_go_back_to() -> None:
    """Create, smoke, tag; and where an earlier first release failed, deploy at 100 %."""
    assert [step.key for step in plan_first_release(CANDIDATE, None, ending=Ending("v")).steps] == [
        "gates",
        "create",
        "smoke-live-100",
        "tag",
    ]
    again = plan_first_release(CANDIDATE, TrafficSplit.all_to("api-v0"), ending=Ending("v"))
    assert again.on_failure == ()
    assert [step.percent for step in again.steps if isinstance(step, Deploy)] == [100]


@pytest.mark.parametrize("shares", [(("a", 99),), (("a", 60), ("b", 60)), (("a", 120), ("b", -20))])
def test_a_split_that_does_not_sum_to_100_cannot_be_made(shares: tuple[tuple[str, int], ...]) -> None:
    """A traffic split is right by construction."""
    with pytest.raises(UsageError):
        TrafficSplit(shares)


def test_splits_compare_by_what_they_give() -> None:
    """Order and 0 % entries make no difference."""
    assert TrafficSplit((("b", 80), ("a", 20), ("c", 0))) == TrafficSplit((("a", 20), ("b", 80)))
