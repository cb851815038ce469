"""Row 11 once more: a platform that is told to be faithful errs as Google does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.clients import Clients
from tests.conformance.conftest import app_repository, embedded_platform
from tests.conformance.rows import only_here, row
from tests.conformance.transcript import Transcript
from tests.conformance.world import World


@pytest.fixture
def faithful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A platform that was started with ``--faithful``."""
    folder = tmp_path_factory.mktemp("faithful")
    with embedded_platform(folder / "state", app_repository(folder), "--faithful") as place:
        clients = Clients("grpc", place.endpoint, Transcript(None, "", {}))
        yield World(place, "grpc", clients)
        clients.close()


@pytest.mark.parametrize("mask", [("clientVersion",), ("client_versions",), ("annotations", "clientVersion")])
@row(11, source="temporal-auto-scaled-workers PR #77", sure="observed", wires=("grpc",))
@only_here("Google takes such a mask for none and overwrites everything: nobody wants to see that")
def test_row_11_a_faithful_platform_writes_everything(faithful: World, mask: tuple[str, ...]) -> None:
    """With `--faithful` a mask with an unknown path is none: what is not sent is cleared, as on Google."""
    name = faithful.name()
    faithful.create(name, description="kept?", annotations={"a": "1"})
    ended = faithful.update(name, *mask, client_version="2", template=faithful.template(f"{name}-v1"))
    service = faithful.service(name)
    assert not ended.message
    assert (service.client_version, service.description, dict(service.annotations)) == ("2", "", {})
