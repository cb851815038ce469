"""What the server fills in where a client said nothing (row 8), so that templates can be compared.

Source: https://cloud.google.com/run/docs/configuring and the documented defaults of the v2 API.
"""

from __future__ import annotations

import hashlib
import re

from google.api import launch_stage_pb2
from google.cloud.run_v2.types import vendor_settings
from google.protobuf.message import Message

from relman.embedded.resources import traffic

PORT = 8080
TIMEOUT_S = 300
CONCURRENCY = 80
MOST_INSTANCES = 100
PREFIXES = ("", "K", "M", "G", "T")
QUANTITY = re.compile(r"(\d+(?:\.\d+)?)([kKMGT]?)(i?)")
PROBE_S = 240
"""The default startup probe waits so long for the port, once."""
_PROBE_TIMES = {"timeout_seconds": 1, "period_seconds": 10, "failure_threshold": 3}


def fill(service: Message) -> None:
    """Fill a service in place; what a client said is kept."""
    service.ingress = service.ingress or vendor_settings.IngressTraffic.INGRESS_TRAFFIC_ALL
    service.launch_stage = service.launch_stage or launch_stage_pb2.GA
    traffic.fill(service)
    _fill_template(service.template, service.name.split("/")[1])


def _fill_template(template: Message, project: str) -> None:
    for number, container in enumerate(template.containers, start=1):
        _fill_container(container, number)
    ingress = serving(template)
    _fill_ports(ingress)
    if not ingress.HasField("startup_probe"):
        _default_probe(ingress)
    for container in template.containers:
        _fill_probes(container, container.ports[0].container_port if container.ports else 0)
    template.timeout.seconds = template.timeout.seconds or TIMEOUT_S
    template.service_account = template.service_account or _account(project)
    second = vendor_settings.ExecutionEnvironment.EXECUTION_ENVIRONMENT_GEN2
    template.execution_environment = template.execution_environment or second
    template.scaling.max_instance_count = template.scaling.max_instance_count or MOST_INSTANCES
    whole_cpu = cpus(ingress.resources.limits["cpu"]) >= 1
    standing = template.max_instance_request_concurrency
    template.max_instance_request_concurrency = standing or (CONCURRENCY if whole_cpu else 1)


def serving(template: Message) -> Message:
    """The container that gets the requests: the one with ports, else the first."""
    return next((one for one in template.containers if one.ports), template.containers[0])


def cpus(text: str) -> float:
    """``"1000m"`` or ``"1"`` as a number of processors; 1 where it cannot be read."""
    try:
        return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
    except ValueError:
        return 1.0


def size(text: str) -> int:
    """``"512Mi"``, ``"1G"`` or ``"1024"`` in bytes; 0 where it cannot be read.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.
    """
    found = QUANTITY.fullmatch(text)
    if not found:
        return 0
    number, prefix, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** PREFIXES.index(prefix.upper()))


def _fill_container(container: Message, number: int) -> None:
    container.name = container.name or f"{_label(container.image)}-{number}"
    limits = container.resources.limits
    for resource, size in (("cpu", "1000m"), ("memory", "512Mi")):
        if resource not in limits:
            limits[resource] = size


def _label(image: str) -> str:
    """The last part of an image's name, as far as a container can be called so."""
    last = image.rpartition("/")[2].partition("@")[0].partition(":")[0].lower()
    return re.sub(r"[^a-z0-9]+", "-", last)[:50].strip("-") or "container"


def _fill_ports(container: Message) -> None:
    """The container that gets the requests has a port; a sidecar has none (row 5)."""
    if not container.ports:
        container.ports.add()
    for port in container.ports:
        port.name = port.name or "http1"
        port.container_port = port.container_port or PORT


def _default_probe(container: Message) -> None:
    probe = container.startup_probe
    probe.timeout_seconds = probe.period_seconds = PROBE_S
    probe.failure_threshold = 1
    probe.tcp_socket.port = container.ports[0].container_port


def _fill_probes(container: Message, port: int) -> None:
    """What the probes of a container leave out; those of a sidecar must name their port themselves."""
    for kind in ("startup_probe", "liveness_probe", "readiness_probe"):
        if container.HasField(kind):
            _fill_probe(getattr(container, kind), port)


def _fill_probe(probe: Message, port: int) -> None:
    for field, value in _PROBE_TIMES.items():
        setattr(probe, field, getattr(probe, field) or value)
    if probe.HasField("http_get"):
        probe.http_get.path = probe.http_get.path or "/"
    action = next((kind for kind in ("http_get", "tcp_socket", "grpc") if probe.HasField(kind)), "")
    if action:
        getattr(probe, action).port = getattr(probe, action).port or port


def project_number(project: str) -> int:
    """A project's number, of at most twelve digits; here it follows from its name."""
    return int(hashlib.sha256(project.encode()).hexdigest()[:10], 16) % 10**12


def _account(project: str) -> str:
    """The default service account of a project."""
    return f"{project_number(project):012d}-compute@developer.gserviceaccount.com"
