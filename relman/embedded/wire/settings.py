"""What may be set while the platform runs: ``PUT /settings/monitoring-lag`` with seconds.

What it is not: a part of Google's APIs, nor a way to start anything.
"""

from __future__ import annotations

from datetime import timedelta

from relman.embedded.control.monitoring.api import LONGEST_LAG, Monitoring
from relman.embedded.wire.http import Answer, Request

TARGET = b"/settings/monitoring-lag"


class Settings:
    """A surface.

    Args:
        monitoring: Whose lag it is.
    """

    def __init__(self, monitoring: Monitoring) -> None:
        """Nothing is set yet."""
        self._monitoring = monitoring

    async def answer(self, request: Request) -> Answer | None:
        """Set it, if that is what was asked for."""
        if (request.method, bytes(request.target)) != ("PUT", TARGET):
            return None
        try:
            lag = timedelta(seconds=int(request.body))
        except (ValueError, OverflowError):
            lag = timedelta(-1)
        if not timedelta(0) <= lag <= LONGEST_LAG:
            most = int(LONGEST_LAG.total_seconds())
            return Answer(400, f"the lag is whole seconds, at most {most}\n".encode(), "text/plain")
        self._monitoring.lag = lag
        return Answer(200, b"")
