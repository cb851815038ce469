"""What a template may ask for, in numbers and sizes: row U10."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.clients import Refused
from tests.conformance.rows import differs, row
from tests.conformance.world import World

BEYOND: list[dict[str, Any]] = [
    {"timeout": {"seconds": -1}},
    {"timeout": {"seconds": 3601}},
    {"timeout": {"nanos": 500_000_000}},
    {"max_instance_request_concurrency": -1},
    {"max_instance_request_concurrency": 1001},
    {"scaling": {"min_instance_count": -1}},
    {"scaling": {"max_instance_count": -1}},
    {"scaling": {"min_instance_count": 3, "max_instance_count": 2}},
]


@pytest.mark.parametrize("fields", BEYOND)
@row(
    "U10",
    source="configuring/request-timeout; configuring/concurrency; goblet #287",
    sure="unverified",
    note="each range is documented; that it is refused was seen of the instances only",
)
def test_row_u10_numbers_are_within_their_range(world: World, fields: dict[str, Any]) -> None:
    """A timeout is 1 to 3600 whole seconds, a concurrency 1 to 1000, a maximum no less than its minimum."""
    name = world.name()
    with pytest.raises(Refused) as error:
        world.begin(name, template=world.template() | fields)
    assert error.value.status == "INVALID_ARGUMENT"
    assert not world.has(name)
    if "min_instance_count" in str(fields) and "max" in str(fields):
        assert (
            "max_instance_count: must be greater than or equal to min_instance_count." in error.value.message
        )


@pytest.mark.parametrize("limits", [{"cpu": "many"}, {"cpu": "nan"}, {"cpu": "-1"}, {"memory": "much"}])
@row("U10", source="configuring/cpu; configuring/memory-limits", sure="unverified", note="it is refused")
def test_row_u10_a_limit_is_a_quantity(world: World, limits: dict[str, str]) -> None:
    """A limit of CPU or memory is a quantity as Kubernetes spells it."""
    with pytest.raises(Refused) as error:
        world.begin(world.name(), template=world.template(resources={"limits": limits}))
    assert error.value.status == "INVALID_ARGUMENT"


def limits(**wanted: str) -> dict[str, Any]:
    """A container's part of a template, with these limits."""
    return {"resources": {"limits": wanted}}


@pytest.mark.parametrize(
    ("container", "template", "sentence"),
    [
        ({}, {"timeout": {"seconds": 3601}}, "maximum allowed time is one hour"),
        ({}, {"max_instance_request_concurrency": 1001}, "Must be a number between 0 and 1000"),
        ({}, {"scaling": {"min_instance_count": 101}}, "must be greater than or equal to min"),
        ({}, {"scaling": {"min_instance_count": -1}}, "must be greater than or equal to zero"),
        ({"env": [{"name": "PORT", "value": "1"}]}, {}, "reserved env names were provided: PORT."),
        ({"env": [{"name": "K_SERVICE"}]}, {}, "reserved env names were provided: K_SERVICE."),
        (limits(cpu="3"), {}, "Must be equal to one of [.08-1], 1.0, 2.0, 4.0, 6.0, 8.0"),
        (limits(cpu="70m"), {}, "Must be equal to one of [.08-1]"),
        (limits(cpu="two"), {}, "Could not parse Quantity"),
        (limits(memory="lots"), {}, "Could not parse Quantity"),
        (limits(memory="12"), {}, "For 1.0 CPU, memory must be between 128Mi and 4Gi inclusive."),
        (limits(memory="4097Mi"), {}, "For 1.0 CPU, memory must be between 128Mi and 4Gi inclusive."),
        (limits(cpu="8"), {}, "For 8.0 CPU, memory must be between 4Gi and 32Gi inclusive."),
        (
            limits(cpu="500m"),
            {"max_instance_request_concurrency": 2},
            "Total cpu < 1 is not supported with concurrency > 1.",
        ),
    ],
)
@row(
    "U10",
    source="rules_cloudrun's conformance test; goblet #287; repo-automation-bots #3875; configuring/*",
    sure="observed",
)
@differs(
    "The floor of 512 MiB in the second generation is not asked, nor that of several containers together."
)
def test_row_u10_a_template_asks_for_what_there_is(
    world: World, container: dict[str, Any], template: dict[str, Any], sentence: str
) -> None:
    """A template that asks for more than a revision can have is refused, and the limit is named.

    At most an hour, 1000 requests at once, 8 processors and the memory that goes with them, no more minimum
    than maximum; and no variable that the platform sets itself.
    """
    name = world.name()
    with pytest.raises(Refused) as error:
        world.begin(name, template=world.template(**container) | template)
    assert error.value.status == "INVALID_ARGUMENT"
    assert sentence in error.value.message
    assert not world.has(name)


@row("U10", source="configuring/services/cpu, configuring/memory-limits")
def test_row_u10_the_limits_themselves_are_allowed(world: World) -> None:
    """An hour, 1000 requests at once and a maximum that is the minimum are taken in."""
    name = world.name()
    most = {"timeout": {"seconds": 3600}, "max_instance_request_concurrency": 1000}
    scaling = {"scaling": {"min_instance_count": 1, "max_instance_count": 1}}
    world.create(name, template=world.template(**limits(cpu="1", memory="128Mi")) | most | scaling)
    assert world.service(name).template.timeout.seconds == 3600
