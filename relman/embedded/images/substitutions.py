"""Substitutions: the variables of a build, checked as it is taken in, and put in for their values (row B5).

What it is not: a shell. ``$$`` is a plain dollar sign; a script of a step is left as it is.

Source: https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from google.protobuf.message import Message

from relman.embedded.resources.defaults import project_number
from relman.embedded.resources.messages import BuildOptions
from relman.embedded.resources.refusals import invalid

VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
OWN_NAME = re.compile(r"_[A-Z0-9_]+")
FIXED = ("PROJECT_ID", "PROJECT_NUMBER", "BUILD_ID", "LOCATION")
"""Built-in substitutions that nobody can override."""
OVERRIDABLE = (
    *("COMMIT_SHA", "REVISION_ID", "SHORT_SHA", "REPO_NAME", "REPO_FULL_NAME", "BRANCH_NAME", "TAG_NAME"),
    *("REF_NAME", "TRIGGER_NAME", "TRIGGER_BUILD_CONFIG_PATH", "SERVICE_ACCOUNT", "SERVICE_ACCOUNT_EMAIL"),
)
"""Built-in substitutions that are empty where there is no trigger, and may be given."""


def check(build: Message) -> None:
    """Refuse variables that do not match their values, as the default ``MUST_MATCH`` does.

    Raises:
        InvalidArgument: A name that no substitution can have; one that is used and unknown, or known
            and unused, unless the build says ``ALLOW_LOOSE``.
    """
    for key in build.substitutions:
        if not OWN_NAME.fullmatch(key) and key not in OVERRIDABLE:
            raise invalid(
                "build.substitutions",
                f'invalid build: invalid .substitutions field: substitution key "{key}" does not respect '
                'format "^_[A-Z0-9_]+$" and is not an overridable built-in substitutions',
            )
    wrong = "" if _is_loose(build) else ";".join(_mismatches(build))
    if wrong:
        raise invalid("build.substitutions", f"invalid value for 'build.substitutions': {wrong}")


def known(build: Message) -> dict[str, str]:
    """The variables that stand in steps and images for their values."""
    revision = build.source.git_source.revision
    commit = revision if re.fullmatch(r"[0-9a-f]{40}", revision) else ""
    place = build.name.split("/")
    number = f"{project_number(build.project_id):012d}"
    fixed = dict(zip(FIXED, (build.project_id, number, build.id, place[3]), strict=True))
    by_commit = {"COMMIT_SHA": commit, "REVISION_ID": commit, "SHORT_SHA": commit[:7]}
    return dict.fromkeys(OVERRIDABLE, "") | by_commit | dict(build.substitutions) | fixed


def expanded(text: str, values: Mapping[str, str]) -> str:
    """A text with its variables put in, and ``$$`` as a plain dollar sign; an unknown one is empty."""
    return VARIABLE.sub(lambda match: "$" if match[1] else values.get(match[2] or match[3], ""), text)


def _is_loose(build: Message) -> bool:
    return bool(build.options.substitution_option == BuildOptions.SubstitutionOption.ALLOW_LOOSE)


def _mismatches(build: Message) -> Iterator[str]:
    found = (match for text in _texts(build) for match in VARIABLE.finditer(text))
    used = {match[2] or match[3] for match in found if not match[1]}
    for name in sorted(used - {*FIXED, *OVERRIDABLE, *build.substitutions}):
        own = name.startswith("_")
        yield f'key in the template "{name}" is not ' + (
            "matched in the substitution data" if own else "a valid built-in substitution"
        )
    for name in sorted(set(build.substitutions) - used - set(OVERRIDABLE)):
        yield f'key "{name}" in the substitution data is not matched in the template'


def _texts(build: Message) -> Iterator[str]:
    """Where variables may stand."""
    for step in build.steps:
        yield from (step.name, step.entrypoint, step.dir_, *step.args, *step.env)
    yield from (*build.images, *build.tags, build.logs_bucket, *build.options.env)
