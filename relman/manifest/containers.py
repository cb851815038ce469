"""The containers of a manifest: image, environment, ports, probes, resources, mounts.

What it is not: the rest of the revision's template; that is ``translation``.

Source: https://cloud.google.com/run/docs/reference/yaml/v1 and
https://cloud.google.com/run/docs/reference/rest/v2/Container
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from relman.manifest.document import Section

PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
PROBE_NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold")
ACTIONS = ("httpGet", "tcpSocket", "grpc")


class Extras(Struct, frozen=True, kw_only=True):
    """What annotations of the template say of its containers.

    Attributes:
        cpu: ``cpuIdle`` and ``startupCpuBoost``, where they are said.
        aliases: Secrets that the manifest calls by another name, with their full names.
        dependencies: Per container the ones that must start before it.
        mounts: What every container mounts.
    """

    cpu: Mapping[str, bool]
    aliases: Mapping[str, str]
    dependencies: Mapping[str, Sequence[str]]
    mounts: Sequence[Mapping[str, str]]


def containers(spec: Section, image: str, extras: Extras) -> list[dict[str, Any]]:
    """All containers; the one that takes the requests gets ``image``.

    Raises:
        ConfigError: There is none, or none or several could take the requests.
    """
    found = spec.sections("containers")
    if not found:
        raise spec.error("containers", "a service needs at least one")
    serving = found if len(found) == 1 else [one for one in found if one.left.get("ports")]
    if len(serving) != 1:
        raise spec.error("containers", f"exactly one of several needs 'ports', {len(serving)} have them")
    return [_container(one, image if one is serving[0] else None, extras) for one in found]


def secret_name(section: Section, key: str, aliases: Mapping[str, str]) -> str:
    """The secret that a manifest names, in full where the name is an alias."""
    name = section.needed(key)
    return aliases.get(name, name)


def said(**fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def pinned(section: Section, key: str, secret: str) -> str:
    """The version of a secret; one that moves is said, because a rollback cannot bring it back."""
    version = section.needed(key)
    if version == "latest":
        note = f"secret {secret} is taken at 'latest': a rollback does not bring its old value back"
        section.document.notes.append(note)
    return version


def _container(one: Section, image: str | None, extras: Extras) -> dict[str, Any]:
    own = one.take("image") if image else one.needed("image")
    name = one.text("name")
    mounts = [_mount(mount) for mount in one.sections("volumeMounts")]
    ports = [_port(port) for port in one.sections("ports")]
    if len(ports) > 1:
        raise one.error("ports", "Cloud Run takes one port")
    taken = {mount["mountPath"] for mount in mounts}
    return said(
        name=name,
        image=image or own,
        command=one.texts("command"),
        args=one.texts("args"),
        env=_environment(one, extras.aliases),
        resources=_resources(one.section("resources"), extras.cpu),
        ports=ports,
        volumeMounts=mounts + [dict(more) for more in extras.mounts if more["mountPath"] not in taken],
        workingDir=one.text("workingDir"),
        dependsOn=list(extras.dependencies.get(name or "", ())),
        **{kind: probe for kind in PROBES if (probe := _probe(one, kind)) is not None},
    )


def _environment(container: Section, aliases: Mapping[str, str]) -> list[dict[str, Any]]:
    names: set[str] = set()
    found = []
    for one in container.sections("env"):
        variable = _variable(one, aliases)
        if variable["name"] in names:
            raise one.error("name", f"{variable['name']} stands twice")
        names.add(variable["name"])
        found.append(variable)
    return found


def _variable(one: Section, aliases: Mapping[str, str]) -> dict[str, Any]:
    name, value = one.needed("name"), one.text("value")
    if "valueFrom" not in one:
        one.take("valueFrom")
        return {"name": name, "value": value or ""}
    if value is not None:
        raise one.error("valueFrom", "stands beside 'value'; only one of them can be meant")
    source = one.section("valueFrom").section("secretKeyRef")
    secret = secret_name(source, "name", aliases)
    reference = {"secret": secret, "version": pinned(source, "key", secret)}
    return {"name": name, "valueSource": {"secretKeyRef": reference}}


def _port(port: Section) -> dict[str, Any]:
    port.choice("protocol", {"TCP": "TCP"})
    return said(name=port.text("name"), containerPort=port.number("containerPort"))


def _resources(resources: Section, cpu: Mapping[str, bool]) -> dict[str, Any]:
    """Limits and CPU switches.

    API v2 throttles the CPU between requests by default, but only while nothing is said of the
    resources; once something is, ``cpuIdle`` must be said too.
    """
    limits = resources.section("limits")
    found = {name: value for name in ("cpu", "memory") if (value := limits.quantity(name)) is not None}
    if not found and not cpu:
        return {}
    return {**said(limits=found), "cpuIdle": True, **cpu}


def _mount(mount: Section) -> dict[str, Any]:
    return said(name=mount.needed("name"), mountPath=mount.needed("mountPath"), subPath=mount.text("subPath"))


def _probe(container: Section, kind: str) -> dict[str, Any] | None:
    if kind not in container:
        container.take(kind)
        return None
    probe = container.section(kind)
    numbers = {name: probe.number(name) for name in PROBE_NUMBERS}
    actions = [name for name in ACTIONS if name in probe]
    if len(actions) != 1:
        raise container.error(kind, f"needs exactly one of {', '.join(ACTIONS)}")
    (action,) = actions
    return {**said(**numbers), action: _ACTION[action](probe.section(action))}


def _http(action: Section) -> dict[str, Any]:
    headers = [
        {"name": one.needed("name"), "value": one.text("value") or ""}
        for one in action.sections("httpHeaders")
    ]
    return said(path=action.text("path"), port=action.number("port"), httpHeaders=headers)


def _tcp(action: Section) -> dict[str, Any]:
    return said(port=action.number("port"))


def _grpc(action: Section) -> dict[str, Any]:
    return said(port=action.number("port"), service=action.text("service"))


_ACTION = {"httpGet": _http, "tcpSocket": _tcp, "grpc": _grpc}
