"""The neighbours that ``gcloud`` asks on its way: is the API on, which project is this, where do images go.

What it is not: these services. Every project and repository exists, has every API switched on, for ever.

Source: the calls that each gcloud command makes, seen with ``--log-http``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from relman.embedded.resources import defaults
from relman.embedded.wire.http import Answer, Request

ENABLE = re.compile(r"/v1/projects/[^/:]+/services(?:/[\w.-]+\.googleapis\.com:enable|:batchEnable)")
USAGE = re.compile(r"/v1/projects/([^/:]+)/services/([\w.-]+\.googleapis\.com)")
PROJECT = re.compile(r"/v1/projects/([^/:]+)")
REPOSITORY = re.compile(r"/v1/(projects/[^/]+/locations/[^/]+/repositories/[^/:]+)")
ACCOUNT = re.compile(r"/v1/(projects/([^/]+)/locations/[^/]+/defaultServiceAccount)")


ENABLED = {"name": "operations/noop.DONE_OPERATION", "done": True, "response": {}}
"""What Service Usage says when an API is on already."""


async def neighbours(request: Request) -> Answer | None:
    """The answer of one of them, None for anything else."""
    path = request.target.decode("latin-1").partition("?")[0]
    found = next(((tell, match) for form, tell in TOLD if (match := form.fullmatch(path))), None)
    if request.method == "POST" and ENABLE.fullmatch(path):
        return Answer(200, json.dumps(ENABLED).encode())
    if request.method != "GET" or found is None:
        return None
    tell, match = found
    return Answer(200, json.dumps(tell(*match.groups())).encode())


def _usage(project: str, service: str) -> dict[str, Any]:
    parent = f"projects/{defaults.project_number(project)}"
    return {"name": f"{parent}/services/{service}", "parent": parent, "state": "ENABLED"}


def _project(project: str) -> dict[str, Any]:
    number = defaults.project_number(project)
    made = {"projectId": project, "projectNumber": str(number), "name": project}
    return made | {"lifecycleState": "ACTIVE", "createTime": "2020-01-01T00:00:00Z"}


def _repository(name: str) -> dict[str, Any]:
    return {"name": name, "format": "DOCKER", "mode": "STANDARD_REPOSITORY"}


def _account(name: str, project: str) -> dict[str, Any]:
    """In whose name a build runs that says nothing about it."""
    account = f"{defaults.project_number(project)}@cloudbuild.gserviceaccount.com"
    return {"name": name, "serviceAccountEmail": f"projects/{project}/serviceAccounts/{account}"}


TOLD: tuple[tuple[re.Pattern[str], Callable[..., dict[str, Any]]], ...] = (
    (USAGE, _usage),
    (PROJECT, _project),
    (REPOSITORY, _repository),
    (ACCOUNT, _account),
)
