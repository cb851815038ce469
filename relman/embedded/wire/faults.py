"""Faults on demand on the wire: ``/faults`` on the platform's own port, which is no API of Google's.

What it is not: reachable from another machine (the port is loopback only), or subject to any fault.

``GET /faults`` lists them; ``POST /faults`` with a JSON object adds one; ``DELETE /faults`` clears all and
``DELETE /faults/NAME`` one. What cannot be is answered with 400 and ``{"error": …}``.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from relman.embedded.control.rehearsal import Rehearsal
from relman.embedded.resources.faults import BadFault, check_method, fault_of
from relman.embedded.resources.refusals import Refusal
from relman.embedded.wire import monitoring
from relman.embedded.wire.apis import APIS
from relman.embedded.wire.http import Answer, Request
from relman.embedded.wire.reading import json_object

PATH = "/faults"
METHODS = sorted({method for api in APIS.values() for method in api.requests} | set(monitoring.PATHS))


class FaultSurface:
    """Answers what is asked about faults.

    Args:
        rehearsal: Sets and clears them.
    """

    def __init__(self, rehearsal: Rehearsal) -> None:
        """Nothing more."""
        self._rehearsal = rehearsal

    async def answer(self, request: Request) -> Answer | None:
        """The answer, or None for what is about something else."""
        path, slash, name = request.target.decode("latin-1")[1:].partition("/")
        if f"/{path}" != PATH or (slash and not name):
            return None
        try:
            return Answer(HTTPStatus.OK, json.dumps(await self._carry_out(request, name)).encode())
        except BadFault as bad:
            return Answer(HTTPStatus.BAD_REQUEST, json.dumps({"error": str(bad)}).encode())

    async def _carry_out(self, request: Request, name: str) -> dict[str, Any]:
        match request.method:
            case "GET" if not name:
                return {"faults": await self._rehearsal.listed()}
            case "POST" if not name:
                fault = fault_of(_object(request.body))
                check_method(fault, METHODS)
                return await self._rehearsal.add(fault)
            case "DELETE":
                return {"cleared": await self._rehearsal.clear(name)}
        raise BadFault(
            f"{request.method} is not for {PATH}: GET, POST and DELETE are, and DELETE {PATH}/NAME"
        )


def _object(body: bytearray) -> dict[str, Any]:
    try:
        return json_object(body)
    except Refusal as refusal:
        raise BadFault(f"a fault is a JSON object: {refusal.message}") from refusal
