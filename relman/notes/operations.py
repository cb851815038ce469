"""What those who run the service look at: migrations, environment and configuration, the way back.

What it is not: a look at a platform. Two revision templates come in (Cloud Run v2's REST form), as values.
No value of a variable, an argument or a header ever goes out: it may be secret, and nobody can tell. A
secret is told by its name and version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from relman.models import Release
from relman.notes.values import Change, Operations
from relman.version import matches

MIGRATIONS: Final = (
    "*migrations/*",
    "*migration/*",
    "*db/migrate/*",
    "*alembic/versions/*",
    "*flyway/*",
    "*liquibase/*",
)
"""Where migrations lie in most projects."""
SHOWN: Final = frozenset({
    *("cpu", "memory", "cpuIdle", "startupCpuBoost", "minInstanceCount", "maxInstanceCount", "timeout"),
    *("maxInstanceRequestConcurrency", "serviceAccount", "executionEnvironment", "sessionAffinity"),
    *("containerPort", "egress", "connector", "network", "subnetwork", "version"),
    *("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold"),
})  # fmt: skip
"""The settings whose values are told: numbers, sizes and names of things that are no secrets."""
LEFT_OUT: Final = frozenset({"containers", "revision", "annotations", "labels"})
"""Containers are told one by one; the others are relman's own, or no configuration."""
DEFAULTS: Final = frozenset({
    ("timeout", "300s"),
    ("maxInstanceRequestConcurrency", "80"),
    ("executionEnvironment", "EXECUTION_ENVIRONMENT_GEN1"),
    ("executionEnvironment", "EXECUTION_ENVIRONMENT_GEN2"),
    ("cpu", "1"),
    ("cpu", "1000m"),
    ("memory", "512Mi"),
    ("cpuIdle", "true"),
    ("maxInstanceCount", "100"),
    ("containerPort", "8080"),
    ("name", "http1"),
})  # fmt: skip
"""What Cloud Run fills in where nothing was said: that it was filled in is no change."""
PROBE: Final = {"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1}
"""The start-up probe that Cloud Run fills in, besides its port."""
COMPUTE: Final = "-compute@developer.gserviceaccount.com"
"""How the account ends that a service runs as where none was said."""
WORDS: Final = {"A": "added", "D": "removed"}
LONGEST: Final = 60
"""Characters of a value that are shown."""
Template = Mapping[str, Any]
Leaf = tuple[str, ...]


def told(
    *,
    changed: Mapping[str, str],
    patterns: Iterable[str],
    live: Template | None = None,
    candidate: Template | None = None,
    back: Release | None = None,
    target: str = "",
) -> Operations:
    """The operations section.

    Args:
        changed: What differs between the commits, ``A``, ``M`` or ``D`` for each path.
        patterns: Which paths are migrations.
        live: The template of what serves; None where nothing does, or nobody asked.
        candidate: The candidate's; None where nobody asked: then only migrations are told.
        back: What a rollback goes to, None at a first release.
        target: The environment's name.
    """
    migrations = migrated(changed, patterns)
    if candidate is None:
        return Operations(migrations)
    return Operations(
        migrations,
        _differences(_variables(live or {}), _variables(candidate), _of_variable),
        _differences(*_without_defaults(_settings(live or {}), _settings(candidate)), _of_setting),
        f"{back}, revision {back.revision}" if back else "none: this is the first release",
        target,
    )


def migrated(changed: Mapping[str, str], patterns: Iterable[str]) -> tuple[Change, ...]:
    """The migrations among what differs, by path."""
    where = tuple(patterns)
    found = ((path, how) for path, how in sorted(changed.items()) if matches(path, where))
    return tuple(Change(path, WORDS.get(how, "changed")) for path, how in found)


def _differences(
    before: Mapping[Leaf, str], after: Mapping[Leaf, str], detail: Callable[[Leaf, str, str], str]
) -> tuple[Change, ...]:
    """What differs between two maps, by name."""
    names = (name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name))
    sides = ((name, before.get(name, ""), after.get(name, "")) for name in names)
    return tuple(
        Change(".".join(name), _how(name, before, after), detail(name, old, new)) for name, old, new in sides
    )


def _how(name: Leaf, before: Mapping[Leaf, str], after: Mapping[Leaf, str]) -> str:
    return "added" if name not in before else "changed" if name in after else "removed"


def _variables(template: Template) -> dict[Leaf, str]:
    """The environment variables of each container."""
    return {
        (*_named(template, at), str(one.get("name", ""))): _content(one)
        for at, container in enumerate(template.get("containers") or [])
        for one in container.get("env") or []
    }


def _content(variable: Mapping[str, Any]) -> str:
    """What a variable is, to be compared: ``=value``, or ``secret NAME, version N``."""
    secret = (variable.get("valueSource") or {}).get("secretKeyRef")
    if secret is None:
        return f"={variable.get('value', '')}"
    name = str(secret.get("secret", "")).rpartition("/")[2]
    return f"secret {name}, version {secret.get('version', 'latest')}"


def _of_variable(_name: Leaf, old: str, new: str) -> str:
    """A secret's name and versions; of a plain value only that it is one, beside a secret."""
    if not (old.startswith("secret ") or new.startswith("secret ")):
        return ""
    sides = ("a plain value" if side.startswith("=") else side for side in (old, new) if side)
    return " to ".join(sides)


def _settings(template: Template) -> dict[Leaf, str]:
    """Everything but images and environment, by path."""
    rest = {name: value for name, value in template.items() if name not in LEFT_OUT}
    found = dict(_leaves(rest, ()))
    for at, container in enumerate(template.get("containers") or []):
        kept = {name: value for name, value in container.items() if name not in {"image", "env", "name"}}
        probe = kept.get("startupProbe") or {}
        if "tcpSocket" in probe and {**probe, **PROBE} == probe:
            del kept["startupProbe"]
        found.update(_leaves(kept, _named(template, at)))
    return found


def _without_defaults(
    before: dict[Leaf, str], after: dict[Leaf, str]
) -> tuple[dict[Leaf, str], dict[Leaf, str]]:
    """Two maps without what Cloud Run fills in, where the other side says the same or nothing."""
    quiet = {
        name
        for name in before.keys() | after.keys()
        if all(_filled_in(name[-1], side.get(name, "")) for side in (before, after))
    }
    told = [{name: one for name, one in side.items() if name not in quiet} for side in (before, after)]
    return told[0], told[1]


def _filled_in(name: str, value: str) -> bool:
    """Whether Cloud Run says so by itself, or nothing is said."""
    return not value or (name, value) in DEFAULTS or (name == "serviceAccount" and value.endswith(COMPUTE))


def _of_setting(name: Leaf, old: str, new: str) -> str:
    """``512Mi to 1Gi``, where the values may be told."""
    if not SHOWN.intersection(name[-1:]):
        return ""
    return " to ".join(
        side if len(side) <= LONGEST else f"{side[: LONGEST - 1]}…" for side in (old, new) if side
    )


def _named(template: Template, at: int) -> Leaf:
    """A container's name, where there are several."""
    containers = template.get("containers") or []
    return (str(containers[at].get("name") or f"container {at + 1}"),) if len(containers) > 1 else ()


def _leaves(value: Any, path: Leaf) -> Iterator[tuple[Leaf, str]]:  # noqa: ANN401 - JSON
    """The leaves of a JSON value by path; the things of a list by their names, or by their places."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, (*path, str(name)))
    elif (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and any(isinstance(one, Mapping) for one in value)
    ):
        for at, one in enumerate(value, 1):
            named = isinstance(one, Mapping) and one.get("name")
            yield from _leaves(one, (*path, str(named or at)))
    elif path:
        yield path, value if isinstance(value, str) else json.dumps(value, sort_keys=True)
