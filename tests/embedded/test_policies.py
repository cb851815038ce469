"""IAM policies of services, by Google's own client."""

from __future__ import annotations

import pytest
import requests
from google.api_core.exceptions import BadRequest, Conflict, NotFound

from tests.embedded.world import PLACE, World

PUBLIC = {"role": "roles/run.invoker", "members": ["allUsers"]}


def test_a_policy_is_read_as_it_was_written(platform: World) -> None:
    """What --allow-unauthenticated does: read, add the binding, write; a service made anew has none."""
    platform.create("open")
    name = f"{PLACE}/services/open"
    policy = platform.services.get_iam_policy({"resource": name})
    assert (policy.etag, list(policy.bindings)) == (b"\x00\x20\x01", [])
    wanted = {"bindings": [PUBLIC], "etag": policy.etag, "version": 3}
    written = platform.services.set_iam_policy({"resource": name, "policy": wanted})
    read = platform.services.get_iam_policy({"resource": name})
    assert read == written
    assert read.version == 1, "without conditions"
    assert [(one.role, list(one.members)) for one in read.bindings] == [("roles/run.invoker", ["allUsers"])]
    platform.wait(platform.services.delete_service(name=name))
    platform.create("open", template=platform.template())
    assert not platform.services.get_iam_policy({"resource": name}).bindings


def test_of_two_writers_of_a_policy_the_later_is_told(platform: World) -> None:
    """The etag that was read stands for one write."""
    platform.create("policed")
    name = f"{PLACE}/services/policed"
    wanted = {"bindings": [PUBLIC], "etag": platform.services.get_iam_policy({"resource": name}).etag}
    platform.services.set_iam_policy({"resource": name, "policy": wanted})
    with pytest.raises(Conflict, match="concurrent policy changes"):
        platform.services.set_iam_policy({"resource": name, "policy": wanted})
    platform.services.set_iam_policy({"resource": name, "policy": {"bindings": []}})
    asked = {"resource": name, "permissions": ["run.services.update"]}
    assert list(platform.services.test_iam_permissions(asked).permissions) == ["run.services.update"]


def test_a_policy_that_cannot_be_is_refused(platform: World) -> None:
    """Neither a member without a kind, nor what is no role, nor a service that is not there."""
    platform.create("strict")
    name = f"{PLACE}/services/strict"
    for binding, text in (
        ({"role": "roles/run.invoker", "members": ["anybody"]}, "member anybody is of an unknown type"),
        ({"role": "invoker", "members": ["allUsers"]}, "Role invoker is not supported"),
    ):
        with pytest.raises(BadRequest, match=text):
            platform.services.set_iam_policy({"resource": name, "policy": {"bindings": [binding]}})
    with pytest.raises(NotFound, match="Resource 'none' of kind 'SERVICE'"):
        platform.services.get_iam_policy({"resource": f"{PLACE}/services/none"})
    plain = requests.get(f"{platform.endpoint}/v2/{name}:getIamPolicy", timeout=10)
    assert plain.json() == {"etag": "ACAB"}
