"""Containers and volumes: nearly the same in v1 and v2; here is what differs, both ways.

What it is not: a check of them. The core's rules judge what comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relman.embedded.resources.refusals import invalid
from relman.embedded.wire.v1.places import Json, find, known, lay, moved, objects, text, texts

WHERE = "spec.template.spec"
SAME = (
    "name",
    "image",
    "command",
    "args",
    "volumeMounts",
    "workingDir",
    "livenessProbe",
    "startupProbe",
    "readinessProbe",
)
NAMES = (*SAME, "env", "ports", "resources", "imagePullPolicy")
"""Of a container. A policy for pulling is taken and ignored: an image is pulled once, by its digest."""
PROBE = (
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "failureThreshold",
    "successThreshold",
    "httpGet",
    "tcpSocket",
    "grpc",
)
GCS = "gcsfuse.run.googleapis.com"
CLOUDSQL = "cloudsql"
"""The volume that stands for the annotation of Cloud SQL."""


def read(given: Json, where: str, aliases: Mapping[str, str]) -> Json:
    """A container of v1 as one of v2.

    Raises:
        InvalidArgument: A name that v1 does not have, or a shape that is wrong.
    """
    text(known(given, NAMES, where).get("name"), f"{where}.name")
    made = {name: given[name] for name in SAME if name in given}
    for kind in ("livenessProbe", "startupProbe", "readinessProbe"):
        if kind in given:
            probe = known(given[kind], PROBE, f"{where}.{kind}")
            made[kind] = {name: value for name, value in probe.items() if name != "successThreshold"}
    ports = objects(given.get("ports"), f"{where}.ports")
    made["ports"] = [
        moved(
            known(port, ("name", "containerPort", "protocol"), f"{where}.ports"),
            {"name": "name", "containerPort": "containerPort"},
        )
        for port in ports
    ]
    made["env"] = [_env(one, f"{where}.env", aliases) for one in objects(given.get("env"), f"{where}.env")]
    resources = known(given.get("resources"), ("limits", "requests"), f"{where}.resources")
    limits = texts(resources.get("limits"), f"{where}.resources.limits")
    made["resources"] = {"limits": limits}
    return made


def _env(given: Json, where: str, aliases: Mapping[str, str]) -> Json:
    known(given, ("name", "value", "valueFrom"), where)
    made: Json = {name: given[name] for name in ("name", "value") if name in given}
    if given.get("valueFrom") is not None:
        known(given["valueFrom"], ("secretKeyRef",), f"{where}.valueFrom")
        where = f"{where}.valueFrom.secretKeyRef"
        secret = known(given["valueFrom"].get("secretKeyRef"), ("name", "key", "optional"), where)
        name = text(secret.get("name"), f"{where}.name")
        selector = {"secret": aliases.get(name, name), "version": text(secret.get("key"), f"{where}.key")}
        made["valueSource"] = {"secretKeyRef": selector}
    return made


def written(container: Json, aliases: Mapping[str, str]) -> Json:
    """A container of v2 as one of v1."""
    made: Json = {name: container[name] for name in (*SAME, "ports") if name in container}
    names = {resource: alias for alias, resource in aliases.items()}
    env = [_env_written(one, names) for one in container.get("env", [])]
    limits = find(container, "resources.limits")
    return made | ({"env": env} if env else {}) | ({"resources": {"limits": limits}} if limits else {})


def _env_written(one: Json, names: Mapping[str, str]) -> Json:
    secret = find(one, "valueSource.secretKeyRef")
    made: Json = {name: one[name] for name in ("name", "value") if name in one}
    if secret:
        name = secret.get("secret", "")
        reference = {"name": names.get(name, name), "key": secret.get("version", "")}
        made["valueFrom"] = {"secretKeyRef": reference}
    return made


def volume_read(given: Json, aliases: Mapping[str, str]) -> Json:
    """A volume of v1 as one of v2.

    Raises:
        InvalidArgument: A kind of volume that Cloud Run does not have, or that v2 cannot tell.
    """
    where = f"{WHERE}.volumes"
    known(given, ("name", "secret", "emptyDir", "nfs", "csi"), where)
    made = moved(given, {"name": "name", "nfs": "nfs"})
    if "emptyDir" in given:
        directory = known(given["emptyDir"], ("medium", "sizeLimit"), f"{where}.emptyDir")
        made["emptyDir"] = moved(directory, {"sizeLimit": "sizeLimit"})
        if directory.get("medium"):
            made["emptyDir"]["medium"] = _medium(directory["medium"], f"{where}.emptyDir.medium")
    if "secret" in given:
        made["secret"] = _secret_read(given["secret"], f"{where}.secret", aliases)
    if "csi" in given:
        made["gcs"] = _bucket_read(given["csi"], f"{where}.csi")
    return made


def _medium(given: Any, where: str) -> str:  # noqa: ANN401 - a JSON value
    if given != "Memory":
        raise invalid(where, f"{where}: the medium must be 'Memory', or not be given.")
    return "MEMORY"


def _secret_read(given: Any, where: str, aliases: Mapping[str, str]) -> Json:  # noqa: ANN401 - a JSON value
    secret = known(given, ("secretName", "items", "defaultMode", "optional"), where)
    name = text(secret.get("secretName"), f"{where}.secretName")
    made = {"secret": aliases.get(name, name)} | moved(secret, {"defaultMode": "defaultMode"})
    parts = {"key": "version", "path": "path", "mode": "mode"}
    items = objects(secret.get("items"), f"{where}.items")
    return made | {"items": [moved(known(one, parts, f"{where}.items"), parts) for one in items]}


def _bucket_read(given: Any, where: str) -> Json:  # noqa: ANN401 - a JSON value
    bucket = known(given, ("driver", "readOnly", "volumeAttributes"), where)
    if bucket.get("driver") != GCS:
        raise invalid(f"{where}.driver", f"{where}.driver: the driver must be '{GCS}'.")
    attributes = texts(bucket.get("volumeAttributes"), f"{where}.volumeAttributes")
    made = moved(bucket, {"readOnly": "readOnly"}) | moved(attributes, {"bucketName": "bucket"})
    options = attributes.get("mountOptions")
    return made | ({"mountOptions": options.split(",")} if options else {})


def volume_written(volume: Json, aliases: Mapping[str, str]) -> Json:
    """A volume of v2 as one of v1."""
    made = moved(volume, {"name": "name", "nfs": "nfs", "emptyDir": "emptyDir"})
    if medium := find(made, "emptyDir.medium"):
        made["emptyDir"] = made["emptyDir"] | {"medium": medium.capitalize()}
    if "secret" in volume:
        names = {resource: alias for alias, resource in aliases.items()}
        secret = moved(volume["secret"], {"secret": "secretName", "defaultMode": "defaultMode"})
        secret["secretName"] = names.get(secret.get("secretName", ""), secret.get("secretName", ""))
        parts = {"version": "key", "path": "path", "mode": "mode"}
        items = [moved(one, parts) for one in volume["secret"].get("items", [])]
        made["secret"] = secret | ({"items": items} if items else {})
    if "gcs" in volume:
        made["csi"] = {"driver": GCS} | moved(
            volume["gcs"], {"readOnly": "readOnly", "bucket": "volumeAttributes.bucketName"}
        )
        if options := volume["gcs"].get("mountOptions"):
            lay(made, "csi.volumeAttributes.mountOptions", ",".join(options))
    return made
