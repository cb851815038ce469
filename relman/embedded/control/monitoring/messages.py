"""The protobuf messages of Cloud Monitoring: Google's own classes, as they are on the wire.

What it is not: imported before the first call; the package behind it takes a tenth of a second.
"""

from __future__ import annotations

from typing import Any

from google.api import distribution_pb2, label_pb2, metric_pb2, monitored_resource_pb2
from google.cloud.monitoring_v3.types import common, metric, metric_service

from relman.embedded.resources.messages import plain

ListTimeSeriesRequest = plain(metric_service.ListTimeSeriesRequest)
ListTimeSeriesResponse = plain(metric_service.ListTimeSeriesResponse)
GetMetricDescriptorRequest = plain(metric_service.GetMetricDescriptorRequest)
ListMetricDescriptorsRequest = plain(metric_service.ListMetricDescriptorsRequest)
ListMetricDescriptorsResponse = plain(metric_service.ListMetricDescriptorsResponse)
GetMonitoredResourceDescriptorRequest = plain(metric_service.GetMonitoredResourceDescriptorRequest)
ListMonitoredResourceDescriptorsRequest = plain(metric_service.ListMonitoredResourceDescriptorsRequest)
ListMonitoredResourceDescriptorsResponse = plain(metric_service.ListMonitoredResourceDescriptorsResponse)
TimeSeries = plain(metric.TimeSeries)
Point = plain(metric.Point)
TypedValue = plain(common.TypedValue)
Distribution = distribution_pb2.Distribution
Metric = metric_pb2.Metric
MetricDescriptor = metric_pb2.MetricDescriptor
MonitoredResource = monitored_resource_pb2.MonitoredResource
MonitoredResourceDescriptor = monitored_resource_pb2.MonitoredResourceDescriptor
LabelDescriptor = label_pb2.LabelDescriptor

# proto-plus enumerations are known to a type checker as plain numbers only.
View: Any = metric_service.ListTimeSeriesRequest.TimeSeriesView
Aligner: Any = common.Aggregation.Aligner
Reducer: Any = common.Aggregation.Reducer
