"""Revision templates: v1 to v2 and back, so that what was read and is sent again is the same template.

What it is not: a service. A revision has the same specification, and is told by the same function.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relman.embedded.resources.defaults import PROBE_S
from relman.embedded.wire.v1 import containers, meanings
from relman.embedded.wire.v1.meanings import REVISION
from relman.embedded.wire.v1.places import Json, find, known, lay, moved, objects, text, texts, whole

META, SPEC = "spec.template.metadata", "spec.template.spec"
METADATA = ("name", "labels", "annotations", "creationTimestamp", "namespace")
PLACES = {
    "containerConcurrency": "maxInstanceRequestConcurrency",
    "serviceAccountName": "serviceAccount",
}
SPECIFICATION = (*PLACES, "timeoutSeconds", "containers", "volumes", "nodeSelector")
ACCELERATOR = "run.googleapis.com/accelerator"
MOUNT = f"/{containers.CLOUDSQL}"
PROBED = f"{meanings.RUN}startupProbeType"


def read(given: Any) -> tuple[Json, dict[str, str]]:  # noqa: ANN401 - a JSON value
    """A template of v1 as one of v2, and the system's annotations as they were sent.

    Raises:
        InvalidArgument: A name or an annotation that v1 does not take, or a shape that is wrong.
    """
    template = known(given, ("metadata", "spec"), "spec.template")
    metadata = known(template.get("metadata"), METADATA, META)
    annotations = texts(metadata.get("annotations"), f"{META}.annotations")
    own, system = meanings.divided(annotations, REVISION, f"{META}.annotations")
    made = meanings.read(system, REVISION, f"{META}.annotations")
    serving = made.pop("serving", {})
    labels = plain_labels(texts(metadata.get("labels"), f"{META}.labels"))
    made |= {"annotations": own, "labels": labels, "revision": text(metadata.get("name"), f"{META}.name")}
    _read_specification(made, known(template.get("spec"), SPECIFICATION, SPEC), serving)
    return made, system


def plain_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The users' labels; those of the system are told by the server, and not read."""
    return {key: value for key, value in labels.items() if not key.startswith(meanings.SYSTEM)}


def _read_specification(made: Json, spec: Json, serving: Json) -> None:
    made |= moved(spec, PLACES)
    aliases = _aliases(serving)
    found = objects(spec.get("containers"), f"{SPEC}.containers")
    made["containers"] = [
        containers.read(one, f"{SPEC}.containers[{number}]", aliases) for number, one in enumerate(found)
    ]
    volumes = objects(spec.get("volumes"), f"{SPEC}.volumes")
    made["volumes"] = [containers.volume_read(one, aliases) for one in volumes]
    if seconds := spec.get("timeoutSeconds"):
        made["timeout"] = f"{whole(seconds, f'{SPEC}.timeoutSeconds')}s"
    if accelerator := texts(spec.get("nodeSelector"), f"{SPEC}.nodeSelector").get(ACCELERATOR):
        made["nodeSelector"] = {"accelerator": accelerator}
    if made["containers"]:
        _lay_into_containers(made, serving)


def _aliases(serving: Json) -> dict[str, str]:
    """Secrets of other projects go by a name of one's own: ``alias:projects/…``, separated by commas."""
    pairs = (one.partition(":") for one in serving.get("secrets", "").split(",") if one)
    return {alias: resource for alias, _, resource in pairs}


def _lay_into_containers(made: Json, serving: Json) -> None:
    container = _serving(made["containers"])
    container["resources"]["cpuIdle"] = serving.get("cpuIdle", True)
    container["resources"]["startupCpuBoost"] = serving.get("startupCpuBoost", False)
    by_name = {one.get("name", ""): one for one in made["containers"]}
    for field, place in (("dependencies", "dependsOn"), ("baseImages", "baseImageUri")):
        for name, value in serving.get(field, {}).items():
            by_name.get(name, container)[place] = value
    if serving.get("cloudSql"):
        instances = serving["cloudSql"].split(",")
        made["volumes"].append({"name": containers.CLOUDSQL, "cloudSqlInstance": {"instances": instances}})
        mounts = objects(container.get("volumeMounts"), f"{SPEC}.containers.volumeMounts")
        container["volumeMounts"] = [*mounts, {"name": containers.CLOUDSQL, "mountPath": MOUNT}]


def _serving(found: list[Json]) -> Json:
    return next((one for one in found if one.get("ports")), found[0])


def written(template: Json, sent: Mapping[str, str]) -> Json:
    """The specification and the annotations of a v2 template or revision, as v1 tells them.

    Args:
        template: As JSON.
        sent: The system's annotations that a v1 client sent for it.
    """
    template = template | {"serving": _serving_written(template)}
    aliases = _aliases({"secrets": sent.get(f"{meanings.RUN}secrets", "")})
    keys = meanings.written(template, REVISION, sent)
    if aliases:
        keys[f"{meanings.RUN}secrets"] = sent[f"{meanings.RUN}secrets"]
    spec: Json = moved(template, {new: old for old, new in PLACES.items()})
    spec["containers"] = [
        containers.written(_without_cloudsql(one), aliases) for one in template.get("containers", [])
    ]
    volumes = [one for one in template.get("volumes", []) if "cloudSqlInstance" not in one]
    if volumes:
        spec["volumes"] = [containers.volume_written(one, aliases) for one in volumes]
    if "timeout" in template:
        spec["timeoutSeconds"] = int(float(template["timeout"].removesuffix("s")))
    if accelerator := find(template, "nodeSelector.accelerator"):
        lay(spec, "nodeSelector", {ACCELERATOR: accelerator})
    return {"annotations": template.get("annotations", {}) | keys, "spec": spec}


def label(template: Json) -> dict[str, str]:
    """The label that says whether the startup probe is the one that everybody gets."""
    found = template.get("containers")
    probe = _serving(found).get("startupProbe", {}) if found else {}
    times = {name: value for name, value in probe.items() if name != "tcpSocket"}
    default = {"timeoutSeconds": PROBE_S, "periodSeconds": PROBE_S, "failureThreshold": 1}
    return {PROBED: "Default" if times == default else "Custom"}


def _serving_written(template: Json) -> Json:
    found = template.get("containers") or [{}]
    resources = _serving(found).get("resources", {})
    made = {
        "cpuIdle": resources.get("cpuIdle", False),
        "startupCpuBoost": resources.get("startupCpuBoost", False),
    }
    instances = [find(one, "cloudSqlInstance.instances") or [] for one in template.get("volumes", [])]
    named = {
        "dependencies": {one.get("name", ""): one["dependsOn"] for one in found if one.get("dependsOn")},
        "baseImages": {one.get("name", ""): one["baseImageUri"] for one in found if one.get("baseImageUri")},
        "cloudSql": ",".join(one for several in instances for one in several),
    }
    return made | {name: value for name, value in named.items() if value}


def _without_cloudsql(container: Json) -> Json:
    mounts = [one for one in container.get("volumeMounts", []) if one.get("name") != containers.CLOUDSQL]
    bare = {name: value for name, value in container.items() if name != "volumeMounts"}
    return bare | ({"volumeMounts": mounts} if mounts else {})
