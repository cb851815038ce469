"""Rows 48 and 49: what is said of requests that cannot be read, and in which form every error comes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.rows import row
from tests.conformance.world import World

UNREADABLE = [
    (
        {"traffic": 1},
        "Invalid value at 'service.traffic' (type.googleapis.com/google.cloud.run.v2.TrafficTarget), 1",
    ),
    ({"traffic": [{"percent": "x"}]}, "Invalid value at 'service.traffic[0].percent' (TYPE_INT32), \"x\""),
    (
        {"template": {"conteiners": []}},
        "Unknown name \"conteiners\" at 'service.template': Cannot find field.",
    ),
    ({"ingress": "SOME"}, "Invalid value at 'service.ingress'"),
]


def services(world: World) -> str:
    """The path of the region's services."""
    return f"/v2/{world.place.parent}/services"


@pytest.mark.parametrize(("sent", "sentence"), UNREADABLE)
@row(48, source="goblet #418, #419", sure="observed", wires=("rest",))
def test_row_48_bad_json_names_field_type_and_value(
    world: World, sent: dict[str, Any], sentence: str
) -> None:
    """JSON with a wrong value is 400 and names field, type and value, with `google.rpc.BadRequest`."""
    answer = world.http("POST", f"{services(world)}?serviceId={world.name()}", json=sent)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert sentence in error["message"]
    assert error["details"][0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"


@pytest.mark.parametrize("sent", ["{", "[]", '"x"', "\x00"])
@row(48, source="goblet #418", sure="observed", wires=("rest",))
def test_row_48_what_is_no_json_is_refused(world: World, sent: str) -> None:
    """A body that is no JSON object is 400, INVALID_ARGUMENT."""
    answer = world.http("POST", f"{services(world)}?serviceId={world.name()}", data=sent)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


@row(49, source="AIP-193; three clients", sure="observed", wires=("rest",))
def test_row_49_every_error_has_the_same_envelope(world: World) -> None:
    """An error is `{"error": {code, message, status}}` in JSON, with the HTTP status as its code."""
    answer = world.http("GET", f"{services(world)}/{world.name()}")
    error = answer.json()["error"]
    assert answer.headers["content-type"].startswith("application/json")
    assert (answer.status_code, error["code"], error["status"]) == (404, 404, "NOT_FOUND")
    assert "does not exist" in error["message"]


@row(49, source="aip.dev/127; a request of one's own", sure="observed", wires=("rest",))
def test_row_49_enumerations_are_numbers_only_for_who_asks(world: World) -> None:
    """An enumeration is a name in JSON, and a number with `$alt=json;enum-encoding=int`."""
    name = world.name()
    world.create(name)
    path = f"{services(world)}/{name}"
    assert world.http("GET", path).json()["ingress"] == "INGRESS_TRAFFIC_ALL"
    assert world.http("GET", f"{path}?%24alt=json%3Benum-encoding%3Dint").json()["ingress"] == 1


@row(49, source="json mapping of FieldMask", wires=("rest",))
def test_row_49_a_mask_may_be_spelled_both_ways(world: World) -> None:
    """In a query a mask is spelled as JSON spells field names, or as protobuf does."""
    name = world.name()
    world.create(name)
    for mask, version in (("clientVersion", "1"), ("client_version", "2")):
        path = f"{services(world)}/{name}?updateMask={mask}"
        world.wait_json(world.http("PATCH", path, json={"clientVersion": version}).json())
        assert world.service(name).client_version == version
