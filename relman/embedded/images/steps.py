"""Build steps: Google's builders recognised, and what the platform's own builder does instead.

What it is not: an interpreter of steps. Anything but one docker or buildpacks build is refused with
the reason, rather than half done.

Source: https://cloud.google.com/build/docs/building/build-containers and
https://cloud.google.com/docs/buildpacks/build-application.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from google.protobuf.message import Message

DOCKER = "gcr.io/cloud-builders/docker"
PACK = "gcr.io/k8s-skaffold/pack"
PROGRAMS = {DOCKER: "docker", PACK: "pack"}
"""The entrypoint that a step may name, because gcloud names it (``pack``); any other is a command."""
ENTRYPOINT = "GOOGLE_ENTRYPOINT="
VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
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
    known = substitutions(build)
    recipes = [_recipe(step, [expanded(word, known) for word in step.args]) for step in build.steps]
    builds = [one for one in recipes if one]
    if len(builds) != 1:
        raise Unsupported(f"exactly one step must build an image, {len(builds)} do")
    for image in (expanded(name, known) for name in build.images):
        if image != builds[0].image:
            raise Unsupported(f"image '{image}' is listed, but no step builds it")
    return builds[0]


def substitutions(build: Message) -> dict[str, str]:
    """The variables that stand in steps and images for their values."""
    revision = build.source.git_source.revision
    commit = revision if re.fullmatch(r"[0-9a-f]{40}", revision) else ""
    own = {"PROJECT_ID": build.project_id, "BUILD_ID": build.id, "LOCATION": build.name.split("/")[3]}
    by_commit = {"COMMIT_SHA": commit, "REVISION_ID": commit, "SHORT_SHA": commit[:7]}
    return own | by_commit | dict(build.substitutions)


def expanded(text: str, known: Mapping[str, str]) -> str:
    """A text with its variables put in, and ``$$`` as a plain dollar sign.

    A variable that nobody knows fails the build, as Cloud Build's default ``MUST_MATCH`` does.

    Raises:
        Unsupported: There is such a variable.
    """

    def put(match: re.Match[str]) -> str:
        name = match[2] or match[3]
        if match[1]:
            return "$"
        if name not in known:
            raise Unsupported(f"'{name}' is no substitution that is known; a plain dollar sign is written $$")
        return known[name]

    return VARIABLE.sub(put, text)


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
