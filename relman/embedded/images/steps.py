"""Build steps: Google's builders recognised, and what the platform's own builder does instead.

What it is not: an interpreter of steps. Anything but one docker or buildpacks build is refused with
the reason, rather than half done.

Source: https://cloud.google.com/build/docs/building/build-containers and
https://cloud.google.com/docs/buildpacks/build-application.
"""

from __future__ import annotations

from typing import NamedTuple

from google.protobuf.message import Message

from relman.embedded.images import substitutions
from relman.embedded.images.substitutions import expanded

DOCKER = "gcr.io/cloud-builders/docker"
PACK = "gcr.io/k8s-skaffold/pack"
PROGRAMS = {DOCKER: "docker", PACK: "pack"}
"""The entrypoint that a step may name, because gcloud names it (``pack``); any other is a command."""
ENTRYPOINT = "GOOGLE_ENTRYPOINT="
WITH_VALUE = {
    "-t",
    "--tag",
    "-f",
    "--file",
    "--builder",
    "--env",
    "-e",
    "--path",
    "-p",
    "--network",
    "--build-arg",
}


class Unsupported(Exception):
    """Steps that the platform's builder cannot stand in for; the message says why."""


class Recipe(NamedTuple):
    """What is to be built.

    Attributes:
        image: Its name and tag.
        dockerfile: The start command stands in a Dockerfile.
        entrypoint: The start command, if a step gives it.
    """

    image: str
    dockerfile: bool
    entrypoint: str | None


def recipe(build: Message) -> Recipe:
    """What the steps of a build ask for.

    Raises:
        Unsupported: No step builds, several do, or one is unknown.
    """
    values = substitutions.known(build)
    recipes = [_recipe(step, [expanded(word, values) for word in step.args]) for step in build.steps]
    builds = [one for one in recipes if one]
    if len(builds) != 1:
        raise Unsupported(f"exactly one step must build an image, {len(builds)} do")
    for image in (expanded(name, values) for name in build.images):
        if image != builds[0].image:
            raise Unsupported(f"image '{image}' is listed, but no step builds it")
    return builds[0]


def _recipe(step: Message, words: list[str]) -> Recipe | None:
    builder = step.name.partition("@")[0].rpartition(":")[0] or step.name
    verb, *rest = words or [""]
    if step.script or step.entrypoint not in {"", PROGRAMS.get(builder, "")}:
        raise Unsupported(f"step '{step.name}' runs a command of its own")
    if step.dir_ not in {"", ".", "./"}:
        raise Unsupported(f"step '{step.name}' has a folder of its own (dir): give it as git_source.dir")
    if builder == DOCKER and verb == "push":
        return None  # a built image is in the registry already
    if builder == DOCKER and verb == "build":
        return _docker(rest)
    if builder == PACK and verb == "build":
        return _pack(rest, list(step.env))
    raise Unsupported(
        f"builder '{step.name}' with '{verb}' is unknown; known are docker build and buildpacks"
    )


def _docker(words: list[str]) -> Recipe:
    options, context = _options(words)
    tags = options.get("-t", []) + options.get("--tag", [])
    file = (options.get("-f", []) + options.get("--file", []))[-1:]
    if len(tags) != 1:
        raise Unsupported(f"docker build needs one tag (-t), it has {len(tags)}")
    if file not in ([], ["Dockerfile"], ["./Dockerfile"]) or context not in (["."], ["./"]):
        raise Unsupported("docker build: only the Dockerfile at the top, with '.' as context, can be built")
    return Recipe(tags[0], dockerfile=True, entrypoint=None)


def _pack(words: list[str], env: list[str]) -> Recipe:
    options, images = _options(words)
    if len(images) != 1:
        raise Unsupported(f"pack build needs one image, it has {len(images)}")
    if options.get("--path", []) + options.get("-p", []) not in ([], ["."], ["./"]):
        raise Unsupported("pack build: only the top of the source can be built")
    given = options.get("--env", []) + options.get("-e", []) + env
    starts = [one.removeprefix(ENTRYPOINT) for one in given if one.startswith(ENTRYPOINT)]
    return Recipe(images[0], dockerfile=False, entrypoint=starts[-1] if starts else None)


def _options(words: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Options with their values, and what stands alone; ``--name=value`` and ``--name value`` are one."""
    options: dict[str, list[str]] = {}
    alone, rest = [], list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            alone.append(word)
        elif equals:
            options.setdefault(name, []).append(value)
        else:
            options.setdefault(name, []).append(rest.pop(0) if name in WITH_VALUE and rest else "")
    return options, alone
