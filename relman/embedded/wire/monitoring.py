"""Cloud Monitoring on the wire: which methods are served, and their paths on REST.

What it is not: imported before the first call; the official package takes a tenth of a second.

Source of the paths: the ``google.api.http`` rules of ``google/monitoring/v3/metric_service.proto``; the
official client has no REST transport that could be asked. A test holds them against the discovery document.
"""

from __future__ import annotations

from relman.embedded.control.calls import Calls
from relman.embedded.wire.apis import Api
from relman.embedded.wire.http import Answer, Request
from relman.embedded.wire.rest import Rest
from relman.embedded.wire.routes import Route, route

NAME = "monitoring"
SERVICE = "google.monitoring.v3.MetricService"
PREFIX = b"/v3/"
PATHS = {
    "ListTimeSeries": "/v3/{name=projects/*}/timeSeries",
    "GetMetricDescriptor": "/v3/{name=projects/*/metricDescriptors/**}",
    "ListMetricDescriptors": "/v3/{name=projects/*}/metricDescriptors",
    "GetMonitoredResourceDescriptor": "/v3/{name=projects/*/monitoredResourceDescriptors/*}",
    "ListMonitoredResourceDescriptors": "/v3/{name=projects/*}/monitoredResourceDescriptors",
}


def api() -> Api:
    """What is served of it."""
    from relman.embedded.control.monitoring import messages

    return Api(SERVICE, {method: getattr(messages, f"{method}Request") for method in PATHS})


def routes() -> list[Route]:
    """Its REST routes."""
    requests = api().requests
    return [
        route({"method": "get", "uri": uri}, requests[method], NAME, method) for method, uri in PATHS.items()
    ]


class MonitoringRest:
    """A surface: answers what is Cloud Monitoring's on REST.

    Args:
        calls: Carries out what requests mean.
    """

    def __init__(self, calls: Calls) -> None:
        """Nothing is imported yet."""
        self._calls = calls
        self._rest: Rest | None = None

    async def answer(self, request: Request) -> Answer | None:
        """The answer, or None if the request is for another API."""
        if not request.target.startswith(PREFIX):
            return None
        self._rest = self._rest or Rest(routes(), self._calls)
        return await self._rest.answer(request)
