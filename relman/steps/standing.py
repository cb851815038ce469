"""What a manifest says of the service itself, which a release does not change (ruling 5).

What it is not: the template. Ingress, labels, scaling and the like are set when the service is made;
later a difference is a person's decision, and so a refusal that names the command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relman.errors import Refused
from relman.live import LiveService
from relman.models import ServiceKey

if TYPE_CHECKING:
    from relman.manifest import Translated

FLAGS = {
    "description": "--description",
    "ingress": "--ingress",
    "scaling.minInstanceCount": "--min",
    "scaling.maxInstanceCount": "--max",
}
"""The flag of ``gcloud run services update`` for a field."""


def service_stays(key: ServiceKey, live: LiveService | None, read: Translated) -> None:
    """See that the manifest says of the service itself what is so already.

    Raises:
        Refused: A field of the service differs; with the gcloud command that changes it.
    """
    if live is None:
        return
    wanted = _flat({name: value for name, value in read.service.items() if name != "annotations"})
    differing = {name: value for name, value in wanted.items() if _flat(live.fields).get(name) != value}
    annotations = read.service.get("annotations", {})
    missing = {name: value for name, value in annotations.items() if live.annotations.get(name) != value}
    if differing or missing:
        raise Refused(
            "the manifest says something of the service itself that is not so; a release does not change it",
            fact=", ".join(f"{name} = {value}" for name, value in {**differing, **missing}.items()),
            clears=_command(key, differing),
        )


def _flat(fields: dict[str, Any], at: str = "") -> dict[str, Any]:
    """Nested fields by their dotted path."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        found |= _flat(value, f"{at}{name}.") if isinstance(value, dict) else {f"{at}{name}": value}
    return found


def _command(key: ServiceKey, differing: dict[str, Any]) -> str:
    flags = [_flag(name, value) for name, value in differing.items()]
    place = f"--project {key.project} --region {key.region}"
    return f"gcloud run services update {key.service} {place} {' '.join(flags)}".strip()


def _flag(name: str, value: object) -> str:
    """One flag; what has none is named, for the person to look up."""
    if name.startswith("labels."):
        return f"--update-labels {name.removeprefix('labels.')}={value}"
    word = (
        str(value)
        .removeprefix("INGRESS_TRAFFIC_")
        .lower()
        .replace("_", "-")
        .replace("internal-only", "internal")
    )
    return f"{FLAGS[name]} {word}" if name in FLAGS else f"({name}: {value})"
