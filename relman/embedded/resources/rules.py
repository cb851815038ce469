"""What a service, and the place of anything, must look like before it is taken in (rows 1, 5, 6, 15, 43).

What it is not: a default (``defaults``) or a rule of traffic (``traffic``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from google.protobuf.message import Message

from relman.embedded.resources.refusals import invalid

PROJECT = re.compile(r"projects/[a-z0-9][-a-z0-9.:]*")
PLACE = re.compile(rf"{PROJECT.pattern}/locations/[a-z][-a-z0-9]*")
SERVICE_ID = re.compile(r"[a-z]([-a-z0-9]{0,47}[a-z0-9])?")
CONTAINER_ID = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
REVISION_ID = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
RESERVED = ("run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev")
RESERVED_VARIABLES = {"PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"}
"""Those of the container contract (row 45)."""
LONGEST_STARTUP_S = 240
LONGEST_LIVENESS_S = 3600
LARGEST_PORT = 65535


def check_parent(parent: str, *patterns: re.Pattern[str]) -> None:
    """Refuse a parent of another form than ``PLACE``, or than one of these.

    REST's paths leave no other, gRPC's messages any; names are written into the paths of files.
    """
    if not any(pattern.fullmatch(parent) for pattern in patterns or (PLACE,)):
        raise invalid("parent", f"Invalid parent '{parent}': expected projects/PROJECT/locations/LOCATION.")


def check_service_id(service_id: str) -> None:
    """Refuse a name that Cloud Run would not take (row 1)."""
    if not SERVICE_ID.fullmatch(service_id):
        field = "Violation in CreateServiceRequest.service_id"
        raise invalid(
            field,
            f"{field}: only lowercase, digits, and hyphens; must begin with letter, and "
            "cannot end with hyphen; must be less than 50 characters.",
        )


def check(service: Message) -> None:
    """Refuse a service that cannot be run as it is written, before defaults are filled in.

    Raises:
        InvalidArgument: Names the field and the fact.
    """
    service_id = service.name.rpartition("/")[2]
    template = service.template
    _check_containers(template.containers)
    _check_volumes(template.volumes)
    _check_mounts(template)
    _check_variables(template.containers)
    for field, holder in (("service", service), ("service.template", template)):
        _check_namespaces(f"{field}.labels", holder.labels)
        _check_namespaces(f"{field}.annotations", holder.annotations)
    if template.revision:
        _check_revision_name(service_id, template.revision)


def check_filled(template: Message) -> None:
    """Refuse what only shows after defaults are filled in: names, their order, probes (rows 5, 43)."""
    _check_names(template.containers)
    _check_order(template.containers)
    for container in template.containers:
        if container.HasField("startup_probe"):
            _check_probe("startup_probe", container.startup_probe, LONGEST_STARTUP_S)
        if container.HasField("liveness_probe"):
            _check_probe("liveness_probe", container.liveness_probe, LONGEST_LIVENESS_S)


def _check_names(containers: Sequence[Message]) -> None:
    names = [container.name for container in containers]
    for number, name in enumerate(names):
        field = f"service.template.containers[{number}].name"
        if not CONTAINER_ID.fullmatch(name):
            raise invalid(field, f"{field}: '{name}' is not a DNS label (RFC 1123).")
        if name in names[:number]:
            raise invalid(field, f"{field}: '{name}' names two containers, a container's name is unique.")


def _check_order(containers: Sequence[Message]) -> None:
    """A container starts after those it depends on: they exist, and none waits for itself."""
    waits_for = {container.name: set(container.depends_on) for container in containers}
    field = "service.template.containers.depends_on"
    for name, others in waits_for.items():
        for other in others - set(waits_for):
            raise invalid(field, f"{field}: '{name}' depends on '{other}', which is no container.")
    try:
        TopologicalSorter(waits_for).prepare()
    except CycleError as error:
        circle = "' -> '".join(error.args[1])
        raise invalid(field, f"{field}: '{circle}' is a circle.") from error


def _check_containers(containers: Sequence[Message]) -> None:
    if not containers:
        raise invalid(
            "service.template.containers", "Revision template should contain at least one container."
        )
    for number, container in enumerate(containers):
        if not container.image:
            field = f"service.template.containers[{number}].image"
            raise invalid(field, f"{field}: expected a container image path, got none.")
    ports = sum(len(container.ports) for container in containers)
    if (len(containers) > 1 and ports != 1) or ports > 1:
        raise invalid(
            "service.template.containers", f"Exactly one container must expose one port, {ports} are exposed."
        )


def _check_volumes(volumes: Sequence[Message]) -> None:
    """A volume's name is also the name of a folder."""
    names = [volume.name for volume in volumes]
    for number, name in enumerate(names):
        field = f"service.template.volumes[{number}].name"
        if not CONTAINER_ID.fullmatch(name):
            raise invalid(field, f"{field}: '{name}' is not a DNS label (RFC 1123).")
        if name in names[:number]:
            raise invalid(field, f"{field}: '{name}' names two volumes, a volume's name is unique.")


def _check_variables(containers: Sequence[Message]) -> None:
    """Source: https://cloud.google.com/run/docs/configuring/services/overview-environment-variables."""
    for number, container in enumerate(containers):
        field = f"service.template.containers[{number}].env"
        names = [variable.name for variable in container.env]
        if taken := sorted(RESERVED_VARIABLES.intersection(names)):
            raise invalid(
                field,
                f"{field}: The following reserved env names were provided: {', '.join(taken)}. "
                "These values are automatically set by the system.",
            )
        for name in names:
            if not name or "=" in name:
                raise invalid(field, f"{field}: '{name}' cannot be the name of a variable.")


def _check_mounts(template: Message) -> None:
    """Each mount is of a volume that the template has, at an absolute path (VolumeMount of the v2 API)."""
    kinds = {volume.name: volume.WhichOneof("volume_type") for volume in template.volumes}
    for number, container in enumerate(template.containers):
        for place, mount in enumerate(container.volume_mounts):
            field = f"service.template.containers[{number}].volume_mounts[{place}]"
            if mount.name not in kinds:
                raise invalid(f"{field}.name", f"{field}.name: there is no volume '{mount.name}'.")
            _check_mount_path(f"{field}.mount_path", mount.mount_path, kinds[mount.name])


def _check_mount_path(field: str, path: str, kind: str) -> None:
    if kind == "cloud_sql_instance" and path in {"", "/cloudsql"}:
        return
    parts = path.strip("/").split("/")
    if not path.startswith("/") or ":" in path or {"", ".."} & set(parts):
        raise invalid(field, f"{field}: '{path}' must be an absolute path, below the root and without ':'.")


def _check_namespaces(field: str, keys: dict[str, str]) -> None:
    for key in keys:
        namespace = key.partition("/")[0] if "/" in key else ""
        if any(namespace == one or namespace.endswith(f".{one}") for one in RESERVED):
            place, what = f"{field}[{key}]", field.rpartition(".")[2]
            raise invalid(place, f"{place}: system {what} are not supported in Cloud Run API v2.")


def _check_revision_name(service_id: str, name: str) -> None:
    if not REVISION_ID.fullmatch(name):
        raise invalid(
            "service.template.revision",
            f"Invalid revision name '{name}': only lowercase, digits, and hyphens; must begin with letter, "
            "and may not end with hyphen; must be less than 64 characters.",
        )
    if not name.startswith(f"{service_id}-"):
        raise invalid(
            "service.template.revision",
            f"Revision name '{name}' must be prefixed by the service's: '{service_id}-'.",
        )


def _check_probe(kind: str, probe: Message, most: int) -> None:
    actions = [one for one in ("http_get", "tcp_socket", "grpc") if probe.HasField(one)]
    field = f"service.template.containers.{kind}"
    if len(actions) != 1:
        raise invalid(field, f"{field}: exactly one of http_get, tcp_socket and grpc must be set.")
    port = getattr(probe, actions[0]).port
    if not 1 <= port <= LARGEST_PORT:
        raise invalid(field, f"{field}.{actions[0]}.port must be within 1 to {LARGEST_PORT}, it is {port}.")
    if not 0 <= probe.initial_delay_seconds <= most:
        raise invalid(field, f"{field}.initial_delay_seconds must be within 0 to {most}.")
    if not 1 <= probe.timeout_seconds <= most or not 1 <= probe.period_seconds <= most:
        raise invalid(field, f"{field}: timeout_seconds and period_seconds must be within 1 to {most}.")
    if probe.failure_threshold < 1:
        raise invalid(field, f"{field}.failure_threshold must be at least 1.")
    if probe.timeout_seconds > probe.period_seconds:
        raise invalid(field, f"{field}.timeout_seconds must not exceed period_seconds.")
    if kind == "startup_probe" and probe.failure_threshold * probe.period_seconds > most:
        raise invalid(field, f"{field}: failure_threshold times period_seconds must not exceed {most}.")
