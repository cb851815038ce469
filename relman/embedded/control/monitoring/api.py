"""The calls of Cloud Monitoring, and the lag with which it tells.

What it is not: imported with Google's classes; those are when the first call comes.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from google.protobuf.message import Message

from relman.embedded.control.monitoring.collecting import Collector
from relman.embedded.resources.minutes import Minutes
from relman.embedded.resources.store import Store

LAG = timedelta(seconds=180)
"""What Google's page of metrics says of both: after sampling, not visible for up to 180 seconds."""
LONGEST_LAG = timedelta(days=1)
SETTING = "monitoring-lag"


class Monitoring:
    """The time series of every revision.

    Args:
        store: Where the lag is kept.
        minutes: What was collected.
        collector: Collects.
    """

    def __init__(self, store: Store, minutes: Minutes, collector: Collector) -> None:
        """Nothing is read yet."""
        self._store = store
        self._minutes = minutes
        self._collector = collector

    @property
    def lag(self) -> timedelta:
        """How long after its end a minute becomes visible."""
        kept = self._store.setting(SETTING)
        return timedelta(seconds=int(kept)) if kept else LAG

    @lag.setter
    def lag(self, lag: timedelta) -> None:
        self._store.keep_setting(SETTING, str(int(lag.total_seconds())))

    async def list_time_series(self, request: Message) -> Message:
        """The series that a filter wants, of closed minutes only."""
        from relman.embedded.control.monitoring.listing import listed

        await self._collector.collect()
        return await asyncio.to_thread(listed, request, self._minutes.of, self._collector.closed(self.lag))

    def get_metric_descriptor(self, request: Message) -> Message:
        """One of the metrics."""
        from relman.embedded.control.monitoring import descriptors

        return descriptors.metric(request)

    def list_metric_descriptors(self, request: Message) -> Message:
        """The metrics that are served."""
        from relman.embedded.control.monitoring import descriptors

        return descriptors.metrics(request)

    def get_monitored_resource_descriptor(self, request: Message) -> Message:
        """The resource that they are about."""
        from relman.embedded.control.monitoring import descriptors

        return descriptors.resource(request)

    def list_monitored_resource_descriptors(self, request: Message) -> Message:
        """The resources that are served."""
        from relman.embedded.control.monitoring import descriptors

        return descriptors.resources(request)
