"""Google's own clients believe the platform: each tells the whole story and has seen the same."""

from __future__ import annotations

import asyncio

import pytest

from tests.embedded.clients import asynchronous, discovered, discovered_v1, nodejs, typed
from tests.embedded.clients.pointing import over_grpc, over_rest
from tests.embedded.clients.story import expected, given
from tests.embedded.world import World


def test_the_python_client_over_grpc_tells_the_story(platform: World) -> None:
    """As it is, on an insecure channel."""
    one, clients = given(platform, "by-grpc"), over_grpc(platform.endpoint)
    assert typed.tell(clients, one) == expected(one, platform)
    clients.close()


def test_the_python_client_over_rest_tells_the_story(platform: World) -> None:
    """As it is, with another endpoint."""
    one, clients = given(platform, "by-rest"), over_rest(platform.endpoint)
    assert typed.tell(clients, one) == expected(one, platform)
    clients.close()


def test_the_asynchronous_python_client_tells_the_story(platform: World) -> None:
    """As it is, on an insecure channel."""
    one = given(platform, "by-asyncio")
    assert asyncio.run(asynchronous.tell(one)) == expected(one, platform)


def test_the_discovery_client_tells_the_story(platform: World) -> None:
    """By the documents of run v2 and cloudbuild v1 that are bundled with it."""
    one = given(platform, "by-document")
    assert discovered.tell(one) == expected(one, platform)


def test_the_discovery_client_tells_the_story_in_words_of_v1(platform: World) -> None:
    """By the document of run v1: the objects that gcloud and Knative speak of."""
    one = given(platform, "by-knative")
    assert discovered_v1.tell(one) == expected(one, platform)


@pytest.mark.needs_program("node", "npm")
@pytest.mark.parametrize("wire", ["grpc", "rest"])
def test_the_node_clients_tell_the_story(platform: World, wire: str) -> None:
    """As they are, over gRPC and by their fallback to REST."""
    one = given(platform, f"by-node-{wire}")
    assert nodejs.tell(wire, one) == expected(one, platform)
