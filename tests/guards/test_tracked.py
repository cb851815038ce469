"""What the project's files never hold: a registry's host, a path of somebody's machine."""

from __future__ import annotations

import re

from tests.guards import tree

# Written in pieces, so that this file passes its own test.
HOSTS = ("pypi" + ".org", "pythonhosted" + ".org", "registry." + "npmjs.org", "npmjs" + ".com")
PATHS = ("/work" + "/", "/root" + "/", "/tm" + "p/v/", "/home" + "/", "/Users" + "/", "/opt" + "/pypi")
FOREIGN = re.compile("|".join([*map(re.escape, HOSTS), *(rf"(?<![\w.}}\])]){path}\w" for path in PATHS)]))


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    """The lock works behind any mirror, and nothing works only where it was written."""
    found = [
        f"{tree.named(path)}:{number}: {line.strip()[:80]}"
        for path in tree.files()
        for number, line in enumerate(text(path.read_bytes()).splitlines(), 1)
        if FOREIGN.search(line)
    ]
    assert found == []


def text(content: bytes) -> str:
    """A file's text; a binary file has none."""
    return "" if b"\0" in content else content.decode("utf-8")


def test_the_guard_sees_what_it_guards_against() -> None:
    """Hosts and paths are found; a path below another and a URL's are not taken for a machine's."""
    assert FOREIGN.search("https://" + HOSTS[0] + "/simple")
    assert FOREIGN.search("open('" + PATHS[0] + "main/x')")
    assert not FOREIGN.search("examples" + PATHS[0] + "x")
    assert not FOREIGN.search("https://example.com" + PATHS[3] + "page")
