"""Failure rehearsed: a fault is set, listed, cleared; and what it needs is done, and made good again.

What it is not: a wire (``wire.faults``). Nothing that a fault does reaches in here: whatever stands, it can
be listed and cleared.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from relman.embedded.control.faults import Faults, Standing, listed
from relman.embedded.control.operations import Operations
from relman.embedded.control.proxy import DataPlane
from relman.embedded.control.revisions import Revisions
from relman.embedded.images import absence
from relman.embedded.images.image import ImageMissing
from relman.embedded.resources.faults import BadFault, Fault
from relman.embedded.resources.striking import names


class Rehearsal:
    """Sets faults and clears them.

    Args:
        faults: Those that stand.
        operations: What a fault may have withheld.
        revisions: Whose images may be gone.
        plane: Does those that are about the traffic of a revision.
        images: The layout.
        wake: Has every service looked at.
    """

    def __init__(
        self,
        faults: Faults,
        operations: Operations,
        revisions: Revisions,
        plane: DataPlane,
        *,
        images: Path,
        wake: Callable[[], None],
    ) -> None:
        """Nothing is done."""
        self._faults = faults
        self._operations = operations
        self._revisions = revisions
        self._plane = plane
        self._images = images
        self._wake = wake

    async def add(self, fault: Fault) -> dict[str, Any]:
        """Let a fault stand from now on; as it is listed.

        Raises:
            BadFault: Its name is taken, or it is about an image that is not there.
        """
        facts = self._known(fault) if fault.kind == "image-gone" else {}
        one = self._faults.add(fault, facts)
        if fault.kind == "image-gone":
            self._take_away(one)
        return listed(one, (await self._counts()).get(one.fault.name, {}))

    async def listed(self) -> list[dict[str, Any]]:
        """Every fault that stands, oldest first."""
        counts = await self._counts()
        return [listed(one, counts.get(one.fault.name, {})) for one in self._faults.all()]

    async def clear(self, name: str = "") -> list[dict[str, Any]]:
        """Let one fault or all stand no more, and make good what can be; those that are cleared.

        Raises:
            BadFault: There is none of this name.
        """
        found = [one for one in self._faults.all() if name in {"", one.fault.name}]
        if name and not found:
            known = ", ".join(one.fault.name for one in self._faults.all()) or "none"
            raise BadFault(f"no fault {name!r} stands; there are: {known}")
        counts = await self._counts()
        for one in found:
            # In this order: killed or out of space in between, it stands still and can be cleared again.
            self._make_good(one)
            self._faults.clear(one)
        await self._counts()
        self._wake()
        return [listed(one, counts.get(one.fault.name, {})) for one in found]

    def _make_good(self, one: Standing) -> None:
        for operation in self._operations.withheld(one.fault.name):
            self._operations.release(operation, one.fault.name)
        if one.fault.kind == "image-gone":
            absence.put_back(self._images, one.facts)

    async def _counts(self) -> Mapping[str, Mapping[str, int]]:
        """Tell the data plane what it is to have; it answers with what it has counted."""
        with contextlib.suppress(ConnectionError):  # it will be told when it is back
            return await self._plane.demand()
        return {}

    def _known(self, fault: Fault) -> Mapping[str, Any]:
        """What puts the image back; kept before it goes, so that it comes back whatever happens."""
        try:
            return absence.known(self._images, fault.image or self._image_of(fault.revision))
        except ImageMissing as error:
            raise BadFault(f"kind image-gone: {error}") from error

    def _take_away(self, one: Standing) -> None:
        try:
            absence.take_away(self._images, one.facts)
        except (ImageMissing, OSError) as error:
            self._faults.clear(one)
            raise BadFault(f"kind image-gone: {error}") from error

    def _image_of(self, revision: str) -> str:
        """The image of a revision's container that serves."""
        known = [one.message for one in self._revisions.shelf.all()]
        found = [one for one in known if names(revision, "revisions", one.name)]
        if len(found) == 1:
            return str(found[0].containers[0].image)
        raise BadFault(f"kind image-gone: {_named(len(found))} {revision!r}; {_known(found or known)}")


def _named(count: int) -> str:
    return "several revisions are called" if count else "no revision"


def _known(revisions: Iterable[Any]) -> str:
    return "there are: " + (", ".join(one.name for one in revisions) or "none")
