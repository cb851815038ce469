"""The neighbours of Cloud Run that ``gcloud`` asks on its way: is the API on, which project is this.

What it is not: these services. Every project exists, has every API switched on, and lives for ever.

Source: the calls that each gcloud command makes, seen with ``--log-http``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from relman.embedded.resources import defaults
from relman.embedded.wire.http import Answer, Request

USAGE = re.compile(r"/v1/projects/([^/:]+)/services/([\w.-]+\.googleapis\.com)")
PROJECT = re.compile(r"/v1/projects/([^/:]+)")


async def neighbours(request: Request) -> Answer | None:
    """The answer of Service Usage or of the Resource Manager, None for anything else."""
    path = request.target.decode("latin-1").partition("?")[0]
    if request.method != "GET":
        return None
    if match := USAGE.fullmatch(path):
        return _told(_usage(*match.groups()))
    if match := PROJECT.fullmatch(path):
        return _told(_project(match[1]))
    return None


def _usage(project: str, service: str) -> dict[str, Any]:
    parent = f"projects/{defaults.project_number(project)}"
    return {"name": f"{parent}/services/{service}", "parent": parent, "state": "ENABLED"}


def _project(project: str) -> dict[str, Any]:
    number = defaults.project_number(project)
    made = {"projectId": project, "projectNumber": str(number), "name": project}
    return made | {"lifecycleState": "ACTIVE", "createTime": "2020-01-01T00:00:00Z"}


def _told(found: dict[str, Any]) -> Answer:
    return Answer(200, json.dumps(found).encode())
