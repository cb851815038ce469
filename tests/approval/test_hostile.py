"""Hostile and missing files: reported or refused in words, and they stop nobody else (T15).

Each test fails when its check is taken out.
"""

from __future__ import annotations

import os

import pytest

from relman.approval.folder import VOTES
from relman.signing import GO
from tests.approval.council import ANA, Council
from tests.approval.saying import refused
from tests.signing.team import key_of


def nested(depth: int) -> bytes:
    """JSON that deep."""
    return b'{"a":' * depth + b"1" + b"}" * depth


HOSTILE = {
    "deep": nested(10_000),
    "bom": b"\xef\xbb\xbf{}",
    "crlf": b"{}\r\n",
    "nan": b'{"a":NaN}',
    "1e400": b'{"a":1e400}',
    "2^53": b'{"a":9007199254740993}',
    "nothing": b"",
    "list": b"[]",
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_t15_a_hostile_vote_stops_nobody(council: Council, name: str) -> None:
    """T15: signed by somebody whose key counts, and not read; the others' votes are."""
    council.agree()
    content = HOSTILE[name]
    council.lay_signed(VOTES, f"eng-lead.{'0' * 8}.1.json", content, key_of(ANA).sign(content, GO))
    assert council.judged().valid
    assert "eng-lead.00000000.1.json is not counted" in council.why()


@pytest.mark.parametrize("name", HOSTILE)
def test_t15_a_hostile_request_is_refused(council: Council, name: str) -> None:
    """T15: with a clear word, and never a traceback."""
    council.open()
    council.lay(HOSTILE[name])
    refused(council, "1 tampered: T05")


def test_t15_files_that_are_none(council: Council) -> None:
    """T15: a link, a pipe, a gigabyte, a name with dots, a folder: reported, and nobody is stopped."""
    council.agree()
    folder = council.folder.path / VOTES
    secret = council.root.parent / "id_ed25519"
    secret.write_text("CANARY-PRIVATE-KEY", "utf-8")
    (folder / "eng-lead.00000001.1.json").symlink_to(secret)
    os.mkfifo(folder / "eng-lead.00000002.1.json")
    with (folder / "eng-lead.00000003.1.json").open("wb") as huge:
        huge.truncate(1 << 30)
    (folder / "eng-lead...json").write_text("{}", "utf-8")
    (folder / "eng-lead.00000004.1.json").mkdir()
    assert council.judged().valid
    told = council.why()
    assert told.count("is not counted") == 5
    assert "CANARY" not in told


def test_t15_a_folder_that_is_a_link_is_not_followed(council: Council) -> None:
    """T15: votes that lie elsewhere are not looked at."""
    council.agree()
    folder = council.folder.path / VOTES
    folder.rename(council.root.parent / "votes")
    folder.symlink_to(council.root.parent / "votes")
    refused(council, "short of: go of A")


@pytest.mark.parametrize("lost", ["request.json", "votes", "evidence"])
def test_what_is_not_there_is_told(council: Council, lost: str) -> None:
    """T15: without a request, votes or evidence it is refused, in words."""
    council.agree()
    (council.folder.path / lost).rename(council.folder.path / "away")
    found = council.judged()
    assert found.code == 3
    assert found.failed[0].fact
