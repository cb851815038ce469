"""The whole manifest: the revision's template, the service's own fields, and what is left out.

What it is not: a decision. Service-level fields apply at Create only; whoever deploys compares them
later (ruling 5).

Source: https://cloud.google.com/run/docs/reference/yaml/v1 and
https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
"""

from __future__ import annotations

from typing import Any

import msgspec

from relman.manifest import annotated
from relman.manifest.containers import Extras, containers, pinned, said, secret_name
from relman.manifest.document import Document, Section

API_VERSION = "serving.knative.dev/v1"
MEDIA = {"Memory": "MEMORY", "Disk": "DISK"}
METADATA = ("creationTimestamp", "generation", "resourceVersion", "selfLink", "uid")
"""What Kubernetes writes into metadata."""


class Translated(msgspec.Struct, frozen=True):
    """A manifest in the words of Cloud Run Admin API v2, REST.

    Attributes:
        template: The RevisionTemplate, without ``revision``.
        service: The fields of the Service itself: description, ingress, launchStage, scaling, labels,
            annotations; those that the manifest says.
        notes: What was ignored, and what a rollback will not bring back, in words.
        name: The service's name as the manifest has it.
    """

    template: dict[str, Any]
    service: dict[str, Any]
    notes: tuple[str, ...] = ()
    name: str = ""


def translate(text: str, *, image: str, where: str) -> Translated:
    """Translate a manifest.

    Args:
        text: Knative Service YAML, one document.
        image: What the container that takes the requests will run; sidecars keep theirs.
        where: The file's name, for errors.

    Raises:
        ConfigError: It is no such manifest, or has a key that is not translated; with file, line and
            the path of the key.
    """
    document = Document(text, where)
    top = document.top
    _is(top, "apiVersion", API_VERSION)
    _is(top, "kind", "Service")
    top.ignore("status", "Cloud Run writes it")
    metadata, spec = top.section("metadata"), top.section("spec")
    name = metadata.needed("name")
    spec.ignore("traffic", "relman sets the traffic itself, in the steps of a release")
    template = _template(spec.section("template"), image)
    service = annotated.of_service(metadata)
    _written(metadata)
    document.finish()
    return Translated(template, service, tuple(dict.fromkeys(document.notes)), name)


def _is(section: Section, key: str, value: str) -> None:
    found = section.needed(key)
    if found != value:
        raise section.error(key, f"expected {value}, got {found!r}")


def _written(metadata: Section) -> None:
    metadata.ignore("namespace", "the project stands in relman.toml")
    for key in METADATA:
        metadata.ignore(key, "Cloud Run writes it")


def _template(template: Section, image: str) -> dict[str, Any]:
    metadata, spec = template.section("metadata"), template.section("spec")
    metadata.ignore("name", "relman names revisions itself")
    _written(metadata)
    said_there = metadata.section("annotations")
    extras, volumes = annotated.extras(said_there)
    return said(
        **annotated.of_template(said_there),
        timeout=_seconds(spec.number("timeoutSeconds")),
        serviceAccount=spec.text("serviceAccountName"),
        maxInstanceRequestConcurrency=spec.number("containerConcurrency"),
        containers=_named(spec, containers(spec, image, extras), extras),
        volumes=_volumes(spec, extras) + volumes,
        labels=annotated.owned(metadata.section("labels")),
        annotations=annotated.owned(said_there),
    )


def _seconds(number: int | None) -> str | None:
    """A duration as protobuf's JSON writes it."""
    return None if number is None else f"{number}s"


def _named(spec: Section, found: list[dict[str, Any]], extras: Extras) -> list[dict[str, Any]]:
    """The containers, once their names are told apart and the dependencies name them."""
    names = [one["name"] for one in found if "name" in one]
    if len(set(names)) < len(names):
        raise spec.error("containers", "two containers have the same name")
    named = {*extras.dependencies, *(one for after in extras.dependencies.values() for one in after)}
    if strangers := sorted(named - set(names)):
        raise spec.error(
            "containers", f"container-dependencies names {strangers[0]!r}, which is none of them"
        )
    return found


def _volumes(spec: Section, extras: Extras) -> list[dict[str, Any]]:
    found = [_volume(one, extras) for one in spec.sections("volumes")]
    names = [one["name"] for one in found] + [mount["name"] for mount in extras.mounts]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise spec.error("volumes", f"two volumes are called {twice!r}")
    return found


def _volume(one: Section, extras: Extras) -> dict[str, Any]:
    name = one.needed("name")
    if "secret" in one:
        return {"name": name, "secret": _secret(one.section("secret"), extras)}
    if "emptyDir" in one:
        folder = one.section("emptyDir")
        medium = folder.choice("medium", MEDIA)
        return {"name": name, "emptyDir": said(medium=medium, sizeLimit=folder.quantity("sizeLimit"))}
    other = next(iter(one.left), "secret")
    raise one.error(other, "relman translates volumes of 'secret' and 'emptyDir' only")


def _secret(secret: Section, extras: Extras) -> dict[str, Any]:
    name = secret_name(secret, "secretName", extras.aliases)
    items = [
        said(path=one.needed("path"), version=pinned(one, "key", name), mode=one.number("mode"))
        for one in secret.sections("items")
    ]
    return said(secret=name, items=items, defaultMode=secret.number("defaultMode"))
