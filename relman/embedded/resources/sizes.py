"""Sizes: which processors and memory a revision can have, and which go together (row U10).

What it is not: what this machine gives (``limits``), or the form of a quantity (``ranges``).

Source of the sentences: what Google answered to justinswe/rules_cloudrun (its conformance test, by
``validate_only``), googleapis/repo-automation-bots #3875 and nearform/slack-knowledgebase-chatgpt-responder
#980; of the sizes: https://cloud.google.com/run/docs/configuring/services/cpu and .../memory-limits.
"""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message

from relman.embedded.resources.defaults import cpus, size
from relman.embedded.resources.refusals import invalid

MOST_CONTAINERS = 10
LEAST_CPU, WHOLE = 0.08, (1.0, 2.0, 4.0, 6.0, 8.0)
MI, GI = 1024**2, 1024**3
MEMORY = {
    8.0: (4 * GI, 32 * GI),
    6.0: (4 * GI, 24 * GI),
    4.0: (2 * GI, 16 * GI),
    2.0: (128 * MI, 8 * GI),
    1.0: (128 * MI, 4 * GI),
    0.5: (128 * MI, 1 * GI),
    0.0: (128 * MI, 512 * MI),
}
"""From so many processors on: the least and the most memory, in bytes."""
CPU_FIELD = "service.template.containers.resources.limits.cpu"


def check(template: Message) -> None:
    """Refuse a size that no revision of Cloud Run can have.

    Raises:
        InvalidArgument: Names the field and the sizes that there are.
    """
    if len(template.containers) > MOST_CONTAINERS:
        field = "service.template.containers"
        raise invalid(field, f"{field}: at most {MOST_CONTAINERS} containers are allowed.")
    if len(template.containers) == 1:
        limits = template.containers[0].resources.limits
        _check_processors(cpus(limits["cpu"]))
        _check_memory(limits)
    total = sum(cpus(one.resources.limits["cpu"]) for one in template.containers)
    if total < 1 < template.max_instance_request_concurrency:
        sentence = "Total cpu < 1 is not supported with concurrency > 1."
        raise invalid(CPU_FIELD, f"{CPU_FIELD}: Invalid value specified for cpu. {sentence}")


def _check_processors(found: float) -> None:
    if not LEAST_CPU <= found <= 1 and found not in WHOLE:
        sentence = f"Must be equal to one of [.08-1], {', '.join(map(str, WHOLE))}."
        raise invalid(CPU_FIELD, f"{CPU_FIELD}: Invalid value specified for cpu. {sentence}")


def _check_memory(limits: Mapping[str, str]) -> None:
    processors = cpus(limits["cpu"])
    least, most = next(bounds for cpu, bounds in MEMORY.items() if processors >= cpu)
    if not least <= size(limits["memory"]) <= most:
        field = "service.template.containers[0].resources.limits.memory"
        raise invalid(
            field,
            f"{field}: Invalid value specified for container memory. For {processors} CPU, memory must be"
            f" between {_told(least)} and {_told(most)} inclusive.",
        )


def _told(memory: int) -> str:
    return f"{memory // GI}Gi" if memory >= GI else f"{memory // MI}Mi"
