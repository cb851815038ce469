"""``inv init``: the first relman.toml of a repository."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

from invoke import Context

from relman.errors import Refused, RelmanError
from relman.tasks.declare import task

if TYPE_CHECKING:
    from relman.founding import Ask, Known

UNATTENDED = "inv init --defaults"
ZONES = "zoneinfo/"
PROJECTS = ("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")


@task
def init(
    _context: Context,
    *,
    defaults: bool = False,
    profile: Literal["", "solo", "team"] = "",
    service: str = "",
    project: str = "",
    region: str = "",
    zone: str = "",
    person: tuple[str, ...] = (),
) -> None:
    """Write a first relman.toml from your answers.

    About seven questions, and for a team another eight: who works here, who holds which role. What a
    flag says is not asked. A team's file is the whole operating model, with runbooks to begin with.
    Nothing is overwritten, and nothing is written before the last answer.

    Args:
        defaults: Ask nothing: for one who works alone, or with --profile team for those whom git knows.
        profile: Alone or as a team.
        service: The Cloud Run service.
        project: The Google Cloud project; "here" for the embedded platform on this machine.
        region: The region.
        zone: The time zone.
        person: Somebody of the team, as "Name <e-mail>".
    """
    from relman import founding
    from relman.clock import system

    here = Path.cwd()
    founding.vacant(here)
    if not defaults and not sys.stdin.isatty():
        raise Refused("nobody is here to answer", fact="there is no terminal", clears=UNATTENDED)
    given = {"profile": profile, "service": service, "project": project, "region": region}
    given |= {"zone": zone, "people": ", ".join(person)}
    answers = founding.answered(_known(here), given, None if defaults else _asking(sys.stdin))
    texts = founding.drafted(answers, system().now(), here)
    founding.write(here, texts)
    for path in texts:
        print(f"wrote {path}")
    print(f"  next: {founding.next_command(answers)}")


def _asking(answers: TextIO) -> Ask:
    """Ask on the terminal; the page itself stays free for what was written."""

    def ask(question: str, default: str) -> str:
        print(f"{question} [{default}] " if default else f"{question} ", end="", file=sys.stderr, flush=True)
        line = answers.readline()
        if not line:
            print(file=sys.stderr)
            raise Refused("nothing was written", fact="the answers ended before the questions did")
        return line

    return ask


def _known(folder: Path) -> Known:
    """What the folder, the variables and git tell."""
    from relman.founding import Known

    project = next((os.environ[name] for name in PROJECTS if os.environ.get(name)), "")
    return Known(folder=folder.name, project=project, zone=_zone(), people=_people(folder))


def _zone() -> str:
    """The zone of the machine, by its name; UTC where it has none."""
    from relman.config.words import Zone

    local = str(Path("/etc/localtime").resolve()).partition(ZONES)[2]
    return next((name for name in (os.environ.get("TZ", ""), local) if Zone.fits(name)), "UTC")


def _people(folder: Path) -> str:
    """Those whom git knows; nobody where there is no git, or nothing was committed yet."""
    from relman.founding import line
    from relman.repo import Repo

    try:
        with closing(Repo(folder)) as repo:
            return line(repo.authors())
    except RelmanError:
        return ""
