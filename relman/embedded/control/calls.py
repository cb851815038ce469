"""Calls: the one door to every API, by whichever wire a request came in.

What it is not: a transport or an API. Whatever must hold for gRPC, REST and the v1 façade alike
stands here.
"""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Awaitable, Mapping
from functools import partial

from google.protobuf.message import Message

from relman.embedded.control.strikes import Strikes
from relman.embedded.resources.faults import ReplyLost
from relman.embedded.resources.refusals import Refusal, broken

log = logging.getLogger(__name__)


class Calls:
    """Carries calls out.

    Args:
        apis: The objects that answer, by name; a method ``CreateService`` is their ``create_service``.
        strikes: What faults on demand do to calls.
    """

    def __init__(self, apis: Mapping[str, object], strikes: Strikes | None = None) -> None:
        """Nothing was called yet."""
        self._apis = apis
        self._strikes = strikes

    async def carry_out(self, api: str, method: str, request: Message) -> Message | None:
        """The answer to one call; None where the method answers nothing.

        Raises:
            Refusal: The API says no, or broke; how it broke is told to the log alone.
            ReplyLost: On demand: the client is not to be answered.
        """
        carrying = partial(self._carry_out, api, method, request)
        if self._strikes is not None and self._strikes.due:
            return await _caught(method, self._strikes.around(method, request, carrying))
        return await carrying()

    async def _carry_out(self, api: str, method: str, request: Message) -> Message | None:
        return await _caught(method, self._called(api, method, request))

    async def _called(self, api: str, method: str, request: Message) -> Message | None:
        answer = getattr(self._apis[api], _snake(method))(request)
        found: Message | None = await answer if inspect.isawaitable(answer) else answer
        return found


async def _caught(method: str, work: Awaitable[Message | None]) -> Message | None:
    """What the work comes to; whatever breaks in it is told to the log, and to the client that it broke."""
    try:
        return await work
    except (Refusal, ReplyLost):
        raise
    except Exception as error:
        log.exception("%s", method)
        raise broken() from error


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
