"""The documentation says what is so: it is compared with the code, its links followed, its words counted.

What it is not: a test of what the commands do; ``test_how_to`` types those of the how-to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from relman import config, errors, gates, smoke
from relman.config import words
from relman.config.reading import load
from relman.smoke.reading import SHAPES
from relman.tasks import ns
from scripts import reference

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
RENEW = "run python -m scripts.reference in relman's repository"

LINK = re.compile(r"\]\((?!https?:|mailto:)([^()#\s]*)(#[^()\s]+)?(?: \"[^\"]*\")?\)")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
TYPED = re.compile(r"\b(?:inv|relman) (?:-R )?(?P<task>[a-z]+(?:\.[a-z]+)*)\b(?P<rest>[^|;)#\n]*)")
HINT = re.compile(r"\b(?:inv|relman) (?P<task>[a-z]+(?:\.[a-z]+)+)\b")
FLAG = re.compile(r"--[a-z0-9-]+")
EXIT = re.compile(r"^\| \[?(\d+)\]?", re.MULTILINE)
TOML = re.compile(r"^```toml[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def written(folder: Path = ROOT, suffix: str = ".md") -> list[Path]:
    """Every file of the project with this suffix, without what git does not keep."""
    found = [path for path in folder.rglob(f"*{suffix}") if path.is_file()]
    hidden = {".venv", ".git", ".relman", ".hypothesis", ".pytest_cache", "node_modules"}
    return sorted(path for path in found if not hidden & set(path.relative_to(ROOT).parts))


def named(paths: list[Path]) -> list[Any]:
    """Each path as a parameter that is called by its name."""
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


def codes(page: Path) -> list[str]:
    """What a page shows as code: blocks, and spans within the text."""
    text = page.read_text("utf-8")
    return [*FENCE.findall(text), *SPAN.findall(FENCE.sub("", text))]


def anchors(page: Path) -> set[str]:
    """What a link to a heading of a page may say, as GitHub spells it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def parts(page: str) -> dict[str, str]:
    """The sections of a page by their heading."""
    split = re.split(r"^## (.+)$", (DOCS / page).read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(split[1::2], split[2::2], strict=True))


def meant(page: str) -> set[str]:
    """The keys that have a row, and a last cell that is not empty."""
    text = (DOCS / page).read_text("utf-8")
    return set(re.findall(r"^\| `(\w+)` \|.*\| [^|]*\w[^|]* \|$", text, re.MULTILINE))


def all_errors(kind: type[errors.RelmanError] = errors.RelmanError) -> Iterator[type[errors.RelmanError]]:
    """The tree of errors."""
    yield kind
    for one in kind.__subclasses__():
        yield from all_errors(one)


# ── what is made from code ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("page", named(written(DOCS)))
def test_a_page_holds_what_the_code_says_now(page: Path) -> None:
    """Made parts and line numbers are, byte for byte, what the code makes of them."""
    assert page.read_text("utf-8") == reference.renewed(page), RENEW


def test_everything_that_can_be_made_stands_on_a_page() -> None:
    """No marker was lost, with the part that it kept right."""
    used = {block[2] for page in written(DOCS) for block in reference.BLOCK.finditer(page.read_text("utf-8"))}
    assert used == set(reference.MADE)


def test_four_links_lead_to_the_four_lines_of_a_release() -> None:
    """Task, verb, plan and step: each link's line begins with that definition."""
    page = DOCS / "concepts" / "way-of-a-release.md"
    links = re.findall(r'\((\S+\.py)#L(\d+) "([^"]+)"\)', page.read_text("utf-8"))
    assert [(Path(path).name, code) for path, _, code in links] == [
        ("release.py", "def cut("),
        ("app.py", "def cut("),
        ("plan.py", "def plan_release("),
        ("traffic.py", "class Shift("),
    ]
    for path, line, code in links:
        text = (page.parent / path).read_text("utf-8").splitlines()[int(line) - 1]
        assert text.strip().startswith(code), RENEW


# ── links and commands ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("page", named(written()))
def test_relative_links_lead_somewhere(page: Path) -> None:
    """Files and headings that a page links to exist."""
    for path, anchor in LINK.findall(page.read_text("utf-8")):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        if anchor and target.suffix == ".md":
            assert anchor[1:] in anchors(target), f"{path}{anchor}"


@pytest.mark.parametrize("page", named(written()))
def test_commands_on_a_page_exist(page: Path) -> None:
    """Each ``inv …`` in code names a task, and flags that it has."""
    for typed in (typed for code in codes(page) for typed in TYPED.finditer(code)):
        assert typed["task"] in {*ns.task_names, *chain(*ns.task_names.values())}, typed[0]
        known = {each.flag for each in ns[typed["task"]].parameters}
        assert set(FLAG.findall(typed["rest"])) <= known, typed[0]


@pytest.mark.parametrize("source", named(written(ROOT / "relman", ".py")))
def test_commands_that_the_code_tells_people_to_type_exist(source: Path) -> None:
    """What stands behind ``next:`` names a task that there is."""
    for hint in HINT.finditer(source.read_text("utf-8")):
        assert hint["task"] in ns.task_names, hint[0]


# ── every word that people see ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [*ns.task_names])
def test_a_task_and_its_flags_are_documented(name: str) -> None:
    """A section of its own, with a row for each flag."""
    section = parts("reference/tasks.md")[f"`inv {name}`"]
    assert re.findall(r"^\| `(--[a-z0-9-]+)` \|", section, re.MULTILINE) == [
        each.flag for each in ns[name].parameters
    ]


def test_every_key_of_relman_toml_is_documented() -> None:
    """What the JSON Schema of the file allows has a row with a meaning."""
    kinds = config.schema()["$defs"].values()
    assert {key for kind in kinds for key in kind["properties"]} <= meant("reference/relman-toml.md")


def test_every_key_of_a_smoke_file_is_documented() -> None:
    """What its reader knows has a row with a meaning."""
    known = {key for kind in SHAPES.values() for key in kind.__struct_encode_fields__}
    assert known <= meant("reference/smoke.md")


def test_every_exit_code_is_documented() -> None:
    """Each code of the tree of errors, and 0."""
    told = set(EXIT.findall((DOCS / "reference" / "exit-codes.md").read_text("utf-8")))
    assert {"0", *(str(kind.code) for kind in all_errors())} <= told


def test_every_gate_is_documented() -> None:
    """The gates are the sections of their page, in the order in which they are asked."""
    assert list(parts("concepts/gates.md")) == [gate.name for gate in gates.GATES]


def test_every_variable_of_relman_is_documented() -> None:
    """What begins with RELMAN_ and is read anywhere has a row."""
    sources = [ROOT / "inv", *written(ROOT / "relman", ".py"), ROOT / "tests" / "conftest.py"]
    read = {name for path in sources for name in re.findall(r"\bRELMAN_[A-Z]+\b", path.read_text("utf-8"))}
    page = (DOCS / "reference" / "relman-toml.md").read_text("utf-8")
    assert {name for name in read if f"`{name}`" not in page} == set()


# ── what the reference promises ──────────────────────────────────────────────────────────────────


def test_example_configurations_can_be_used(tmp_path: Path) -> None:
    """Each relman.toml that the reference shows is read without a complaint."""
    examples = TOML.findall((DOCS / "reference" / "relman-toml.md").read_text("utf-8"))
    assert len(examples) == 2
    for text in examples:
        (tmp_path / "relman.toml").write_text(text, "utf-8")
        assert load(tmp_path / "relman.toml").service


def test_example_checks_can_be_used(tmp_path: Path) -> None:
    """The smoke file that the reference shows is read without a complaint."""
    _, text = TOML.findall((DOCS / "reference" / "smoke.md").read_text("utf-8"))
    (tmp_path / "api.toml").write_text(text, "utf-8")
    assert len(smoke.load(tmp_path / "api.toml").check) == 3


def test_defaults_are_those_that_hold(tmp_path: Path) -> None:
    """What the page says of a key that is left out is what a release then does."""
    (tmp_path / "relman.toml").write_text('[service.a]\nproject = "p"\nregion = "europe-west1"\n', "utf-8")
    read = load(tmp_path / "relman.toml")
    target = read.select()
    section = parts("reference/relman-toml.md")["`[service.NAME]`"]
    told = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|", section, re.MULTILINE))
    assert told["phases"] == str(list(target.phases))
    assert words.Duration(told["bake"].strip('"')).seconds == target.bake
    assert told["overrun"].strip('"') == target.overrun
    assert read.platform.doubt_seconds == 10
