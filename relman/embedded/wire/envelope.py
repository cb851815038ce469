"""The one envelope for every error, and the net under everything that answers (row 49)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable
from typing import Any

from google.protobuf import json_format

from relman.embedded.resources.faults import ReplyLost
from relman.embedded.resources.messages import wrapped
from relman.embedded.resources.refusals import Refusal, broken
from relman.embedded.wire.http import Answer

log = logging.getLogger(__name__)


async def answered(work: Awaitable[Answer], what: str) -> Answer:
    """The answer, or the envelope of what was raised instead; never raises but for the end of its task.

    Args:
        work: What answers.
        what: What is answered, for the log.
    """
    try:
        return await work
    except Refusal as error:
        return envelope(error)
    except (asyncio.CancelledError, ReplyLost):
        raise
    except Exception:  # the client is told that, and no more
        log.exception("%s", what)
        return envelope(broken())


def envelope(error: Refusal) -> Answer:
    """An error as Google writes it down."""
    code = int(error.code or 500)
    status = error.grpc_status_code.name if error.grpc_status_code else "INTERNAL"
    details = [json_format.MessageToDict(wrapped(one)) for one in error.details]
    content: dict[str, Any] = {"code": code, "message": error.message, "status": status}
    if details:
        content["details"] = details
    return Answer(code, json.dumps({"error": content}).encode())
