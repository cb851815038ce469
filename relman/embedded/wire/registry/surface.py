"""The registry as a surface of the platform's port: which request means what. What it is not: the answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path

from relman.embedded.images.image import ImageMissing
from relman.embedded.images.repositories import Held
from relman.embedded.images.uploads import Uploads
from relman.embedded.wire.http import Answer, Request, Sink
from relman.embedded.wire.registry import pushing, reading
from relman.embedded.wire.registry.asked import Asked, Refused, asked, check_name

READING: dict[tuple[str, str], Callable[[Path, Asked], Answer]] = {
    ("version", "GET"): reading.version,
    ("repositories", "GET"): reading.names,
    ("tags", "GET"): reading.tags,
    ("manifest", "GET"): reading.manifest,
    ("manifest", "DELETE"): reading.drop_manifest,
    ("blob", "GET"): reading.blob,
    ("blob", "DELETE"): reading.drop_blob,
}
PUSHING: dict[tuple[str, str], Callable[[Path, Uploads, Request, Asked], Answer]] = {
    ("begin", "POST"): pushing.begin,
    ("upload", "POST"): pushing.begin,
    ("upload", "PATCH"): pushing.append,
    ("upload", "PUT"): pushing.finish,
    ("upload", "GET"): pushing.state,
    ("upload", "DELETE"): pushing.cancel,
    ("manifest", "PUT"): pushing.manifest,
}
log = logging.getLogger(__name__)


class Registry:
    """Answers what clients of registries ask.

    Args:
        layout: The images.
        uploads: What is on its way in.
    """

    def __init__(self, layout: Path, uploads: Uploads) -> None:
        """Nothing is read yet."""
        self._layout = layout
        self._uploads = uploads

    async def answer(self, request: Request) -> Answer | None:
        """The answer to one request; None if it is not for the registry."""
        about = asked(request)
        if about is None:
            return None
        try:
            check_name(about.name)
            return await asyncio.to_thread(self._way(about, request))
        except Refused as error:
            return error.told()
        except Held as error:
            return Refused(HTTPStatus.METHOD_NOT_ALLOWED, "UNSUPPORTED", str(error)).told()
        except Exception as error:  # the client is told what, and no more
            log.exception("%s %s", request.method, request.target)
            known = isinstance(error, (OSError, ImageMissing))
            message = f"the images cannot be used: {error}" if known else "see the platform's log"
            return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "UNKNOWN", message).told()

    def intake(self, request: Request) -> Sink | None:
        """Where a push's body goes; None for any other request."""
        about = asked(request)
        return pushing.intake(self._uploads, about) if about else None

    def _way(self, about: Asked, request: Request) -> Callable[[], Answer]:
        key = (about.shape, "GET" if about.method == "HEAD" else about.method)
        if key in READING:
            return partial(READING[key], self._layout, about)
        if key in PUSHING:
            return partial(PUSHING[key], self._layout, self._uploads, request, about)
        message = f"{about.method} is not served here"
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "UNSUPPORTED", message)
