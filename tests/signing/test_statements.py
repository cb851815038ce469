"""What people sign has one form, and says exactly what it must."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relman.errors import Refused, Tampered
from relman.signing import DUTY, GO, Duty, Subject, Vote, Waiver, canonical, parsed, read
from relman.signing.strict import CAP, listed
from tests.signing import smith

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
IMAGE = (Subject.of("europe-docker.pkg.dev/p/r/api", "ab" * 32),)
VOTE = Vote("GO", "eng-lead", "alice@example.com", 1795289939, "cd" * 32)
DUTIES = Duty.taken("oncall.accepted", "ana", NOW, {"start": "2026-11-30T09:00", "hours": 168})


def test_a_vote_is_the_in_toto_statement_of_the_contract() -> None:
    """Byte for byte what the specification shows."""
    assert parsed(VOTE.statement(IMAGE)) == {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://relman.dev/attestation/go-no-go/v1",
        "subject": [{"name": "europe-docker.pkg.dev/p/r/api", "digest": {"sha256": "ab" * 32}}],
        "predicate": {
            "decision": "GO",
            "role": "eng-lead",
            "signer": "alice@example.com",
            "signedAt": 1795289939,
            "request": {"digest": {"sha256": "cd" * 32}},
        },
    }


def test_a_vote_comes_back_as_it_was_signed() -> None:
    """With everything that it may say."""
    vote = Vote("NO-GO", "on-call", "ben", 5, "cd" * 32, ("smoke",), "über alles", "ef" * 32)
    key = smith.ed25519_key()
    content = vote.statement(IMAGE)
    subject, same, by = Vote.verified(content, key.sign(content, GO))
    assert (subject, same, by.key.line) == (IMAGE, vote, key.line)


def test_a_waiver_comes_back_as_it_was_signed_and_is_no_vote() -> None:
    """It has the votes' namespace, and a kind of its own; a waiver without a reason is none."""
    waiver = Waiver("customers-told", "eng-lead", "ana", 5, "cd" * 32, "nobody sees it")
    key = smith.ed25519_key()
    content = waiver.statement(IMAGE)
    subject, same, by = Waiver.verified(content, key.sign(content, GO))
    assert (subject, same, by.key.line) == (IMAGE, waiver, key.line)
    with pytest.raises(Refused, match="another kind"):
        Vote.read(content)
    with pytest.raises(Refused, match="the waiver"):
        Waiver.read(content.replace(b"nobody sees it", b""))


def test_a_duty_comes_back_as_it_was_signed() -> None:
    """A shift that was accepted: who, when, what, and by which key."""
    key = smith.ed25519_key()
    content = DUTIES.statement()
    duty, by = Duty.verified(content, key.sign(content, DUTY))
    assert (duty, duty.at, by.key.line) == (DUTIES, NOW, key.line)


def test_a_duty_is_no_vote_and_a_vote_no_duty() -> None:
    """The namespace keeps them apart, and so does the kind of statement."""
    key = smith.ed25519_key()
    vote, duty = VOTE.statement(IMAGE), DUTIES.statement()
    with pytest.raises(Tampered, match="something else"):
        Vote.verified(vote, key.sign(vote, DUTY))
    with pytest.raises(Refused, match="another kind"):
        Vote.verified(duty, key.sign(duty, GO))
    with pytest.raises(Refused, match="another kind"):
        Duty.verified(vote, key.sign(vote, DUTY))


def changed(path: tuple[Any, ...], value: Any = None) -> bytes:
    """The vote's statement with something else at a path; None takes it out."""
    whole = parsed(VOTE.statement(IMAGE))
    inner: Any = whole
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    if value is None:
        del inner[path[-1]]
    return canonical(whole)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("_type",), None),
        (("_type",), "https://in-toto.io/Statement/v0.1"),
        (("extra",), 1),
        (("subject",), []),
        (("subject", 0, "digest"), {"md5": "ab" * 16}),
        (("subject", 0, "digest", "sha256"), "AB" * 32),
        (("predicate", "decision"), "go"),
        (("predicate", "decision"), None),
        (("predicate", "role"), ""),
        (("predicate", "signer"), None),
        (("predicate", "signedAt"), "2026-11-25"),
        (("predicate", "signedAt"), -1),
        (("predicate", "signedAt"), 1.5),
        (("predicate", "request"), "cd" * 32),
        (("predicate", "request"), None),
        (("predicate", "request", "digest"), {}),
        (("predicate", "comment"), "x" * 281),
        (("predicate", "force"), True),
    ],
)
def test_a_vote_says_what_it_must_and_nothing_more(path: tuple[Any, ...], value: Any) -> None:
    """A field that is missing, of another shape, or unknown is a refusal, never a traceback."""
    with pytest.raises(Refused):
        Vote.read(changed(path, value))


def test_a_duty_s_subject_is_its_facts() -> None:
    """Another subject than what the duty is about."""
    whole = parsed(DUTIES.statement())
    whole["predicate"]["facts"]["hours"] = 1
    with pytest.raises(Refused, match="something else than its subject"):
        Duty.read(canonical(whole))


# ── T15: bytes with two readings, and files that are none ────────────────────────────────────────

HOSTILE = {
    "empty": b"",
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "CRLF": b'{"a":1}\r\n',
    "a newline": b'{"a":1}\n',
    "white space": b'{"a": 1}',
    "keys in another order": b'{"b":1,"a":1}',
    "a key twice": b'{"decision":"NO-GO","decision":"GO"}',
    "a key twice, one escaped": b'{"a":1,"\\u0061":1}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "1e400": b'{"a":1e400}',
    "2^53": b'{"a":9007199254740992}',
    "4000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "-0": b'{"a":-0}',
    "1.0": b'{"a":1.0}',
    "an escape that need not be": b'{"a":"\\u0041"}',
    "half a surrogate": b'{"a":"\\ud800"}',
    "no UTF-8": b'{"a":"\xff"}',
    "a NUL": b'{"a":"\x00"}',
    "an array": b"[1]",
    "a string": b'"a"',
    "10 000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "17 deep": b'{"a":' * 17 + b"1" + b"}" * 17,
    "deep and not closed": b"[" * 60_000,
    "too large": b'{"a":"' + b"x" * CAP + b'"}',
    "two values": b'{"a":1}{"a":1}',
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_t15_bytes_with_another_reading_are_refused(name: str) -> None:
    """T15, T05: one value has one form; whatever else reads as it is refused, quickly."""
    began = time.process_time()
    with pytest.raises(Refused):
        parsed(HOSTILE[name])
    assert time.process_time() - began < 0.5


def test_t05_a_key_that_stands_there_twice_is_named() -> None:
    """T05: two readers would take different ones."""
    with pytest.raises(Refused, match="a key stands there twice: decision"):
        parsed(HOSTILE["a key twice"], "the vote")


def test_t15_brackets_in_a_text_are_no_depth() -> None:
    """A comment may hold brackets, escaped quotes and backslashes."""
    value = {"a": '[[[[[[[[[[[[[[[[[["{{{{{{{{{{{{{{{{{{\\', "b": "\\"}
    assert parsed(canonical(value)) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3),
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_was_written_canonically_comes_back(value: dict[str, Any]) -> None:
    """Every JSON object of ours is read as itself, unless it is too deep."""
    assert parsed(canonical(value)) == value


@given(st.binary(max_size=80))
def test_any_bytes_are_a_value_or_a_refusal(content: bytes) -> None:
    """Never a traceback."""
    with suppress(Refused):
        assert canonical(parsed(content)) == content


def test_t15_a_file_is_read_by_name_alone(tmp_path: Path) -> None:
    """A regular file below the folder, through its folders."""
    (tmp_path / "votes").mkdir()
    (tmp_path / "votes" / "on-call.1234abcd.1.json").write_bytes(b"{}")
    assert read(tmp_path, "votes", "on-call.1234abcd.1.json") == b"{}"
    with pytest.raises(FileNotFoundError):
        read(tmp_path, "votes", "x.json")


@pytest.mark.parametrize("name", ["..", ".", "", ".hidden", "a/b", "a\0b", "-x", "\u00e4", "x" * 128, "a\n"])
def test_t15_a_name_that_no_record_has_is_refused(tmp_path: Path, name: str) -> None:
    """No way up, no hidden file, no flag of a program."""
    with pytest.raises(Refused, match="called that"):
        read(tmp_path, name)
    with pytest.raises(Refused, match="called that"):
        read(tmp_path, name, "x")
    with pytest.raises(Refused, match="called that"):
        listed(tmp_path, name)


def test_t15_no_link_is_followed(tmp_path: Path) -> None:
    """Neither as the file nor as a folder on the way to it."""
    (tmp_path / "secret").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "vote").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "way").symlink_to(tmp_path / "folder")
    for names in (("link",), ("way", "vote")):
        with pytest.raises(Refused, match="cannot be read"):
            read(tmp_path, *names)


def test_t15_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    """A pipe would wait for ever, a folder has no bytes."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(Refused, match="no regular file"):
            read(tmp_path, name)


def test_t15_a_gigabyte_costs_nothing(tmp_path: Path) -> None:
    """It is refused by its size, before a byte of it is read."""
    with (tmp_path / "vote").open("wb") as file:
        file.truncate(2**30)
    began = time.process_time()
    with pytest.raises(Refused, match="1073741824 bytes"):
        read(tmp_path, "vote")
    assert time.process_time() - began < 0.1


def test_t15_a_file_that_grows_meanwhile_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it said of its size: no more than the cap is read."""
    (tmp_path / "vote").write_bytes(b"x" * 100)
    monkeypatch.setattr(os, "fstat", lambda _: SimpleNamespace(st_mode=stat.S_IFREG, st_size=5))
    with pytest.raises(Refused, match="it grew beyond 10 bytes"):
        read(tmp_path, "vote", cap=10)
