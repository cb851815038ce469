"""What of relman.toml only a signed policy changes: a digest for each section, and for each file it names.

What it is not: a judge of the sections. A commit may say what it likes; it cannot loosen the gate that it
is to pass itself, because the digests are those of the policy in force (ruling 17, threat T08).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from relman.signing.strict import canonical, need, sha256

SECTIONS = (
    *("profile", "mode", "window", "oncall", "people", "roles", "raci", "review", "gates", "drills"),
    "smoke",
)
"""What is guarded. ``smoke`` is what each service's table says of its smoke checks."""

_PATH = re.compile(r"[\w.@+-]+(?:/[\w.@+-]+)*", re.ASCII)

Read = Callable[[str], bytes | None]
"""The bytes of a file by the path that relman.toml gives it, None if there is none."""


def digests(document: Mapping[str, Any], read: Read) -> dict[str, str]:
    """What a policy carries of a relman.toml.

    Args:
        document: The file as TOML, as ``Source.document`` reads it.
        read: Reads a file that it names, at the commit that is meant.

    Returns:
        SHA-256 in hex by name: ``window``, and ``smoke: smoke/api.toml`` for a file that a section names.
        What is not there has no name, so that a section that was taken out differs too.

    Raises:
        Refused: The document holds what has no canonical form.
    """
    found: dict[str, str] = {}
    for section, value in _guarded(document):
        plain = msgspec.to_builtins(value)
        found[section] = sha256(canonical(plain))
        for path in sorted(set(_paths(plain))):
            if (content := read(path)) is not None:
                found[f"{section}: {path}"] = sha256(content)
    return found


def contents(document: Mapping[str, Any], sections: Iterable[str]) -> dict[str, bytes]:
    """The bytes of sections whose SHA-256 a policy carries.

    Laid beside a request they tell whoever has no relman, and nothing that reads TOML, who may say go:
    the policy, which is signed, has their digests.

    Args:
        document: As for ``digests``.
        sections: Which ones; what is not there is left out.
    """
    wanted = frozenset(sections)
    return {
        section: canonical(msgspec.to_builtins(value))
        for section, value in _guarded(document)
        if section in wanted
    }


def differences(policy: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """The names under which two sets of digests differ, in order; none if they are the same."""
    return tuple(sorted(name for name in {*policy, *now} if policy.get(name) != now.get(name)))


def need_unchanged(policy: Mapping[str, str], now: Mapping[str, str], version: int, admins: str) -> None:
    """Refuse a relman.toml that is not the one of the policy in force.

    Args:
        policy: What the policy carries.
        now: What the commit carries, by ``digests``.
        version: The policy's.
        admins: Who can sign another one, for the error.

    Raises:
        Refused: A section, or a file that it names, differs; each is named.
    """
    differ = differences(policy, now)
    told = f"policy {version} has another one; it is changed by a policy that {admins} sign"
    need(not differ, f"{', '.join(differ)} was changed without a signature", told)


def _guarded(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for section in SECTIONS:
        value = _smoke(document.get("service")) if section == "smoke" else document.get(section)
        if value is not None:
            yield section, value


def _smoke(services: Any) -> Any:  # noqa: ANN401 - whatever stood in the file
    """The keys that say ``smoke``, at any depth of the services' tables; None if there are none."""
    if not isinstance(services, Mapping):
        return None
    kept = {key: value if key == "smoke" else _smoke(value) for key, value in services.items()}
    return {key: value for key, value in kept.items() if value is not None} or None


def _paths(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Every text that may name a file below relman.toml's folder."""
    if isinstance(value, str):
        if _PATH.fullmatch(value) and ("/" in value or "." in value) and ".." not in value.split("/"):
            yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _paths(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _paths(inner)
