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

from relman.embedded.images import substitutions
from relman.embedded.images.substitutions import expanded

DOCKER = "gcr.io/cloud-builders/docker"
PACK = "gcr.io/k8s-skaffold/pack"
GIT = "gcr.io/cloud-builders/git"
REMOTE = re.compile(r"(?:https?|git|ssh|file)://[^#]+(?:#[^:]*(?::.*)?)?")
"""A context that docker fetches itself: ``URL#REVISION:FOLDER``."""
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
    "-b",
    "--branch",
    "--depth",
}


class Unsupported(Exception):
    """Steps that the platform's builder cannot stand in for; the message says why."""


class Recipe(NamedTuple):
    """What is to be built.

    Attributes:
        image: Its name and tag.
        dockerfile: The start command stands in a Dockerfile.
        entrypoint: The start command, if a step gives it.
        remote: Where the source is, when a step fetches it: ``URL#REVISION:FOLDER``; else empty.
    """

    image: str
    dockerfile: bool
    entrypoint: str | None
    remote: str = ""


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
    cloned = [remote for step in build.steps if (remote := _cloned(step, values))]
    return builds[0]._replace(remote=(builds[0].remote or "".join(cloned[:1])))


def _cloned(step: Message, values: Mapping[str, str]) -> str:
    """What a step clones into the folder that the next ones find, empty if it clones nothing.

    Raises:
        Unsupported: It does more with git than that.
    """
    if _builder(step) != GIT:
        return ""
    verb, *rest = [expanded(word, values) for word in step.args] or [""]
    options, alone = _options(rest)
    if verb != "clone" or len(alone) not in {1, 2} or alone[1:] not in ([], ["."], ["./"]):
        raise Unsupported("of git only 'clone URL .' can be done, with --branch and --depth")
    branch = (options.get("-b", []) + options.get("--branch", []) + ["HEAD"])[0]
    return f"{alone[0]}#{branch}"


def _builder(step: Message) -> str:
    """Its image without tag or digest."""
    return str(step.name.partition("@")[0].rpartition(":")[0] or step.name)


def _recipe(step: Message, words: list[str]) -> Recipe | None:
    builder = _builder(step)
    verb, *rest = words or [""]
    if step.script or step.entrypoint not in {"", PROGRAMS.get(builder, "")}:
        raise Unsupported(f"step '{step.name}' runs a command of its own")
    if step.dir_ not in {"", ".", "./"}:
        raise Unsupported(f"step '{step.name}' has a folder of its own (dir): give it as git_source.dir")
    if (builder == DOCKER and verb == "push") or builder == GIT:
        return None  # a built image is in the registry already; what is cloned is the source
    if builder == PACK and verb == "config":
        return None  # gcloud chooses Google's builder so, and the platform has its own
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
    remote = context[0] if len(context) == 1 and REMOTE.fullmatch(context[0]) else ""
    if file not in ([], ["Dockerfile"], ["./Dockerfile"]) or not (remote or context in (["."], ["./"])):
        raise Unsupported("docker build: only the Dockerfile at the top, with '.' as context, can be built")
    return Recipe(tags[0], dockerfile=True, entrypoint=None, remote=remote)


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
