"""The descriptors of the two metrics and of the resource they are about.

What it is not: a series.

Source: https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run: a sample each 60 s, which may take
180 s more until it is visible. The texts are ours.
"""

from __future__ import annotations

import re

from google.protobuf.message import Message

from relman.embedded.control.monitoring import messages
from relman.embedded.control.monitoring.series import COUNT, LATENCIES, RESOURCE
from relman.embedded.resources.paging import page
from relman.embedded.resources.refusals import Refusal, absent, invalid

SAMPLE_S, DELAY_S = 60, 180
PREFIX = re.compile(r"\s*metric\.type\s*=\s*(?:starts_with\(\s*\"([^\"]*)\"\s*\)|\"([^\"]*)\")\s*")


def _labels(**described: str) -> list[Message]:
    return [messages.LabelDescriptor(key=key, description=text) for key, text in described.items()]


def _metric(name: str, kind: str, unit: str, display: str, description: str) -> Message:
    made = messages.MetricDescriptor(
        type=name,
        metric_kind="DELTA",
        value_type=kind,
        unit=unit,
        display_name=display,
        description=description,
        launch_stage="GA",
        monitored_resource_types=[RESOURCE],
        labels=_labels(
            response_code="The response's code.", response_code_class="The class of the response's code."
        ),
    )
    made.metadata.launch_stage = made.launch_stage
    made.metadata.sample_period.seconds, made.metadata.ingest_delay.seconds = SAMPLE_S, DELAY_S
    return made


METRICS: dict[str, Message] = {
    COUNT: _metric(COUNT, "INT64", "1", "Request Count", "How many requests reached the revision."),
    LATENCIES: _metric(
        LATENCIES,
        "DISTRIBUTION",
        "ms",
        "Request Latency",
        "Milliseconds from when a request reached the container until it left it, start-up not included.",
    ),
}
RESOURCES: dict[str, Message] = {
    RESOURCE: messages.MonitoredResourceDescriptor(
        type=RESOURCE,
        display_name="Cloud Run Revision",
        description="A revision of a Cloud Run service.",
        launch_stage="GA",
        labels=_labels(
            project_id="The project.",
            service_name="The service.",
            revision_name="The revision.",
            location="The region.",
            configuration_name="The configuration, which is called as the service is.",
        ),
    )
}


def metric(request: Message) -> Message:
    """Answer ``GetMetricDescriptor``."""
    project, _, kind = request.name.partition("/metricDescriptors/")
    if kind not in METRICS:
        raise unknown(kind)
    return _named(METRICS[kind], project, "metricDescriptors")


def metrics(request: Message) -> Message:
    """Answer ``ListMetricDescriptors``; its filter may name a type, or how types start."""
    match = PREFIX.fullmatch(request.filter or 'metric.type = starts_with("")')
    if match is None:
        raise invalid(
            "filter",
            f'Field filter had an invalid value of "{request.filter}": '
            'known are metric.type = "…" and metric.type = starts_with("…").',
        )
    found = [
        _named(one, request.name, "metricDescriptors")
        for kind, one in METRICS.items()
        if (kind == match[2] if match[1] is None else kind.startswith(match[1]))
    ]
    asked = f"{request.name} {request.filter}"
    part, token = page(found, size=request.page_size, token=request.page_token, asked=asked)
    return messages.ListMetricDescriptorsResponse(metric_descriptors=part, next_page_token=token)


def resource(request: Message) -> Message:
    """Answer ``GetMonitoredResourceDescriptor``."""
    project, _, kind = request.name.partition("/monitoredResourceDescriptors/")
    if kind not in RESOURCES:
        raise absent(f"Cannot find the monitored resource type {kind}.")
    return _named(RESOURCES[kind], project, "monitoredResourceDescriptors")


def resources(request: Message) -> Message:
    """Answer ``ListMonitoredResourceDescriptors``."""
    if request.filter:
        raise invalid("filter", f'Field filter had an invalid value of "{request.filter}": none is served.')
    found = [_named(one, request.name, "monitoredResourceDescriptors") for one in RESOURCES.values()]
    part, token = page(found, size=request.page_size, token=request.page_token, asked=request.name)
    return messages.ListMonitoredResourceDescriptorsResponse(resource_descriptors=part, next_page_token=token)


def unknown(kind: str) -> Refusal:
    """NOT_FOUND, as for a metric that nobody has written yet."""
    return absent(
        f'Cannot find metric(s) that match type = "{kind}". If a metric was created recently, it could take'
        " up to 10 minutes to become available. Please try again soon."
    )


def _named(descriptor: Message, project: str, collection: str) -> Message:
    made = type(descriptor)()
    made.CopyFrom(descriptor)
    made.name = f"{project}/{collection}/{descriptor.type}"
    return made
