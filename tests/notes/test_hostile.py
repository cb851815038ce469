"""Strangers' words: whatever stands in a commit is shown, and does nothing."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from relman.models import Commit
from relman.notes import markdown
from relman.notes.gathering import Gathering
from relman.notes.links import Links
from relman.notes.rendering import Templates
from relman.notes.values import Notes
from relman.version import Rules

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = "https://github.com/acme/api"

HOSTILE = [
    "# a heading",
    "- a list, + another, 1. a third",
    "1. first",
    "<script>alert(1)</script>",
    '<img src=x onerror="x">',
    "<!-- open comment",
    "</details></summary>",
    "[click](https://evil.invalid)",
    "![image](https://evil.invalid/x.png)",
    "[reference][1] and ![x][y]",
    "<https://evil.invalid>",
    "*bold* _under_ **strong** __dunder__ ~~gone~~ `code` ``two`` `open",
    "a | b | c",
    "&lt;b&gt; &#60;b&#62; &amp;amp;",
    "\\[escaped\\] \\<b\\>",
    "{{ 7 * 7 }} {% raw %} {# x #}",
    "\x1b[31mred\x1b[0m \x07 \x9b2J",
    "abc \u202egnp.exe\u2066 \u200b\ufeff",
    "a\u2028b\u0085c\x0bd\x0ce",
    "$formula$ $$x$$",
    "`a``b` <i>x</i> `c`",
    "``<b>`` `<i>",
    "---",
    "===",
    "> quoted",
    "x" * 4000,
    " " * 4000 + "x",
    "`" * 2000 + "<b>",
    "[" * 4000,
    "*a " * 1300,
]


class Page(HTMLParser):
    """What a browser would make of the notes."""

    def __init__(self, html: str) -> None:
        """Read it."""
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element, and where it leads."""
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        """Keep what people read."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """What people read, with single spaces."""
        return " ".join("".join(self.words).split())


def page(subject: str, *, body: str = "", author: str = "Ada", scope: str = "") -> tuple[str, Page]:
    """The notes of one commit, as Markdown and as a page."""
    commit = Commit("a" * 40, (), author, "ada@x", 1, f"feat{f'({scope})' if scope else ''}: {subject}{body}")
    heading = Notes(name="1.0.0", tag="v1.0.0")
    made = Gathering(Rules(), Links.to(OURS)).notes(heading, [commit], lambda _m, _k: ())
    text = Templates().notes(made)
    return text, Page(READER.render(text))


def seen(subject: str) -> str:
    """What of a subject can be seen: without what is invisible, and cut where it is longer than any."""
    plain = " ".join(markdown.plain(subject).split())
    return plain[:300]


@pytest.mark.parametrize("subject", HOSTILE, ids=lambda subject: ascii(subject[:20]))
def test_a_subject_is_shown_and_does_nothing(subject: str) -> None:
    """No element, no link and no control character comes of it, and people read what was typed."""
    text, read = page(subject)
    assert read.tags <= {"h1", "h2", "ul", "li", "p", "a", "strong", "code"}
    assert all(link.startswith(OURS) for link in read.links)
    assert not markdown.INVISIBLE.search(text)
    wanted = re.sub("`", "", seen(subject))
    assert wanted.rstrip("…") in re.sub("`", "", read.text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("a b`*_[]()<>&;#-+1.|~$\\!{}%:/\"'=\u202e\x1b"), max_size=60))
def test_no_combination_of_active_characters_does_anything(subject: str) -> None:
    """Whatever stands beside whatever."""
    _, read = page(f"x {subject}")
    assert read.tags <= {"h1", "h2", "ul", "li", "p", "a", "strong", "code"}
    assert all(link.startswith(OURS) for link in read.links)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab \n`*_[]()<>#-1.|~"), max_size=120))
def test_what_breaks_stays_in_its_item(text: str) -> None:
    """A footer's lines may be a list or code; they open no heading and no HTML, and nothing after them."""
    _, read = page("x", body=f"\n\nBREAKING CHANGE: move {text}\n\nhere")
    assert read.tags <= {"h1", "h2", "ul", "ol", "li", "p", "a", "strong", "code", "pre"}
    assert "Who did it" in read.text
    assert all(link.startswith(OURS) for link in read.links)


def test_names_and_scopes_are_strangers_words_too() -> None:
    """An author's name opens nothing either."""
    _, read = page("x", author="<b>Eve</b> [x](https://evil.invalid)", scope="**<i>")
    assert not {"b", "i"} & read.tags
    assert "<b>Eve</b> [x](https://evil.invalid)" in read.text
    assert "**<i>: x" in read.text


@pytest.mark.parametrize(
    "subject", ["`" * 200_000, "[" * 200_000, " " * 200_000 + "x", "#1 " * 60_000, "<" * 200_000]
)
def test_no_subject_takes_a_second(subject: str) -> None:
    """All is linear; a fifth of a megabyte is told at once."""
    began = time.process_time()
    page(subject)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("address", "commit", "compare", "issue"),
    [
        ("git@github.com:acme/api.git", "/commit/c", "/compare/v1...v2", "/issues/7"),
        ("https://u:p@gitlab.com/g/s/api", "/-/commit/c", "/-/compare/v1...v2", "/-/issues/7"),
        ("ssh://git@bitbucket.org/acme/api", "/commits/c", "/branches/compare/v2..v1", "/issues/7"),
        ("https://code.example.invalid:8443/a/b.git", "/commit/c", "/compare/v1...v2", "/issues/7"),
    ],
)
def test_links_are_those_of_the_host(address: str, commit: str, compare: str, issue: str) -> None:
    """By the host's name; without what an address holds of secrets."""
    links = Links.to(address)
    found = (links.commit("c"), links.compare("v1", "v2"), links.reference("#", "7"))
    assert found == tuple(f"{links.web}{one}" for one in (commit, compare, issue))
    assert "@" not in links.web
    assert links.web.startswith("https://")


@pytest.mark.parametrize("address", ["", "/srv/git/api.git", "../api", "file:///srv/api"])
def test_without_a_known_remote_nothing_is_a_link(address: str) -> None:
    """A folder is no place that others can look at."""
    links = Links.to(address)
    assert (links.commit("c"), links.compare("a", "b"), links.reference("#", "7"), links.at("v1")) == (
        "",
    ) * 4
