"""The Knative surface of Cloud Run, version 1, which ``gcloud run`` speaks: another form of the same core."""

from __future__ import annotations

from collections.abc import Callable

from relman.embedded.control.calls import Calls
from relman.embedded.resources.store import Store
from relman.embedded.wire.http import Surface
from relman.embedded.wire.v1.beside import Shelf
from relman.embedded.wire.v1.operations import Operations
from relman.embedded.wire.v1.surface import Objects


def surfaces(calls: Calls, store: Store, last: Callable[[str], str]) -> tuple[Surface, ...]:
    """What answers for v1.

    Args:
        calls: Carries out what is asked.
        store: Where what v2 has no field for is kept.
        last: The newest operation about a service, by its name; empty if there is none.
    """
    beside = Shelf(store, last)
    return Objects(calls, store, beside).answer, Operations(calls, beside).answer
