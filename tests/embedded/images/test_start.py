"""How an image starts: entry point, Procfile, Dockerfile."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relman.embedded.images.dockerfile import last_stage
from relman.embedded.images.oci import BuildError, unpack

from .builds import built, commit, ran

LINES = [
    "FROM a AS b",
    "FROM b",
    "ARG X=1",
    "ENV A=$X B=${A:-c} C",
    "ENV A b c",
    "WORKDIR ../x",
    "COPY . ${A:+/y}",
    "RUN cat <<E",
    "E",
    "# no",
    "x \\",
    'CMD ["a"]',
    "ENTRYPOINT a",
    "HEALTHCHECK NONE",
]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python app.py $NAME", "app.py you"),
        ("MODE=x python app.py", "app.py"),
        ("cd sub && python ../app.py", "../app.py"),
    ],
)
def test_a_procfile_runs(repository: Path, tmp_path: Path, command: str, expected: str) -> None:
    """A Procfile's line runs as a shell would run it, with the running interpreter as ``python``."""
    program = "import sys; print(*sys.argv); print(sys.executable, file=sys.stderr)"
    sha = commit(repository, {"Procfile": f"web: {command}\n", "app.py": program, "sub/x": ""})
    digest = built(repository, sha, tmp_path / "layout").digest
    image = unpack(tmp_path / "layout", digest, tmp_path / "images")
    assert ran(image, extra={"NAME": "you"}) == expected
    assert image.env["PATH"].startswith(f"{Path(sys.executable).parent}:")


def test_a_simple_command_replaces_its_shell(repository: Path, tmp_path: Path) -> None:
    """The process that is started is the program itself, so that SIGTERM reaches it."""
    sha = commit(repository, {"app.py": "import os; print(os.getppid())"})
    digest = built(repository, sha, tmp_path / "layout", entrypoint="A=b python app.py").digest
    assert ran(unpack(tmp_path / "layout", digest, tmp_path / "images")) == str(os.getpid())


def test_the_entry_point_goes_first(repository: Path, tmp_path: Path) -> None:
    """GOOGLE_ENTRYPOINT wins over a Procfile."""
    sha = commit(repository, {"Procfile": "web: false"})
    digest = built(repository, sha, tmp_path / "layout", entrypoint="echo first").digest
    assert ran(unpack(tmp_path / "layout", digest, tmp_path / "images")) == "first"


def test_no_start_command_names_the_ways(repository: Path, tmp_path: Path) -> None:
    """Without any start command the build fails and says the three ways to give one."""
    sha = commit(repository, {"app.py": ""})
    with pytest.raises(BuildError) as caught:
        built(repository, sha, tmp_path / "layout")
    assert caught.value.kind == "USER_BUILD_STEP"
    assert all(way in caught.value.detail for way in ("GOOGLE_ENTRYPOINT", "Procfile", "Dockerfile"))


@given(text=st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=20)), max_size=12).map("\n".join))
def test_any_text_is_a_dockerfile_or_an_error(text: str) -> None:
    """Whatever a Dockerfile holds, it is understood or refused with the one error."""
    with contextlib.suppress(BuildError):
        last_stage(text, lambda _: None).argv()


DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG PYTHON=3.12
FROM python:${PYTHON} AS base
ENV HOME_OF=/srv GREETING="hello world"
WORKDIR $HOME_OF
FROM node:22 AS never
CMD npm start
FROM base
ARG WHO=you
ENV TO=${WHO} PYTHONPATH=/srv/lib
COPY requirements.txt .
RUN pip install \\
    # a comment in between
    -r requirements.txt && <<END cat
CMD not an instruction
END
COPY . .
EXPOSE 8080
USER nobody
ENTRYPOINT ["python", "/srv/app.py"]
CMD ["an argument"]
"""


def test_a_dockerfile_says_how_to_start(repository: Path, tmp_path: Path) -> None:
    """The last stage's exec forms, ENV and WORKDIR hold; what is not carried out is in the log."""
    program = (
        "import os, sys, greet\n"
        "print(greet.IT, os.environ['GREETING'], os.environ['TO'], sys.argv[1], os.getcwd())"
    )
    sha = commit(repository, {"Dockerfile": DOCKERFILE, "app.py": program, "lib/greet.py": "IT = 1"})
    lines: list[str] = []
    digest = built(repository, sha, tmp_path / "layout", dockerfile=True, log=lines.append).digest
    image = unpack(tmp_path / "layout", digest, tmp_path / "images")
    assert ran(image) == f"1 hello world you an argument {image.cwd}"
    assert image.cwd.name == "srv"
    told = [line for line in lines if line.startswith("Not carried out")]
    assert [line.split(": ")[1].split()[0] for line in told] == ["COPY", "RUN", "USER"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FROM x\nCMD python app.py", "shell form"),
        ('FROM x\nENTRYPOINT python\nCMD ["x"]', "shell form"),
        ("FROM x\nWORKDIR /app", "neither CMD nor ENTRYPOINT"),
        ('FROM x\nCMND ["a"]', "unknown instruction: CMND"),
        ("WORKDIR /x", "WORKDIR before its first FROM"),
        ("", "no FROM"),
        ("FROM", "without an image"),
        ('FROM x\nENV A="b', "cannot be read"),
        (None, "no Dockerfile"),
    ],
)
def test_a_dockerfile_that_cannot_be_used(
    repository: Path, tmp_path: Path, text: str | None, reason: str
) -> None:
    """A Dockerfile without a usable start fails the build with the reason."""
    sha = commit(repository, {"Dockerfile": text} if text is not None else {})
    with pytest.raises(BuildError, match=reason) as caught:
        built(repository, sha, tmp_path / "layout", dockerfile=True)
    assert caught.value.kind == "USER_BUILD_STEP"
