"""Whose key counts, for what and when, is read as stock reads it; where stock would guess, it is refused."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from relman.errors import Refused, UsageError
from relman.signing import GO, PublicKey, Signers, Verified, read_revoked
from relman.signing.signers import Signer
from tests.signing import smith, stock

KEY, OTHER = smith.ed25519_key(), smith.sk_ecdsa_key()
LINE = f'ana@x.test namespaces="go@relman.dev,git",valid-after="20261124090000Z" {KEY.line} ana@laptop'
ENDS = LINE.replace(" ssh-", ',valid-before="20261231Z" ssh-')
AFTER, BEFORE = datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PUBLIC = PublicKey.read(KEY.line)
BY = Verified(PUBLIC, GO)


def listed(*lines: str) -> Signers:
    """A list of these lines."""
    return Signers.read("".join(f"{line}\n" for line in lines).encode())


def test_a_line_says_whose_key_for_what_and_when() -> None:
    """All of it, and written again it is the same line."""
    signer = Signer.read(ENDS)
    assert signer.principals == ("ana@x.test",)
    assert signer.namespaces == (GO, "git")
    assert (signer.after, signer.before) == (AFTER, BEFORE)
    assert (signer.key, signer.comment) == (PUBLIC, "ana@laptop")
    assert Signer.read(signer.line) == signer
    assert Signer.read(LINE).line == LINE


def test_comments_and_empty_lines_are_no_signers() -> None:
    """Umlauts may stand in a comment."""
    assert len(listed("# Prüferinnen", "", LINE, "").lines) == 1
    assert listed("# Prüferinnen", LINE).text == f"{LINE}\n"


BAD = {
    "no options": f"ana {KEY.line}",
    "no dates": f'ana namespaces="go@relman.dev" {KEY.line}',
    "no namespaces": f'ana valid-after="20261124Z" {KEY.line}',
    "no key": 'ana namespaces="go@relman.dev",valid-after="20261124Z"',
    "a date without Z": LINE.replace("0000Z", "0000"),
    "a date in another form": LINE.replace("20261124090000Z", "2026-11-24Z"),
    "an end without Z": ENDS.replace("1231Z", "1231"),
    "30 February": LINE.replace("20261124", "20260230"),
    "second 60": LINE.replace("090000Z", "090060Z"),
    "the year 0": LINE.replace("20261124", "00001124"),
    "1970": LINE.replace("20261124090000Z", "19700101000000Z"),
    "an end before the beginning": ENDS.replace("20261231", "20251231"),
    "a wildcard for a person": LINE.replace("ana@", "*@"),
    "a question mark for a person": LINE.replace("ana@", "an?@"),
    "a person who is not meant": LINE.replace("ana@", "!ana@"),
    "a person with quotes": LINE.replace("ana@x.test", '"ana@x.test"'),
    "an empty person": LINE.replace("ana@x.test", "ana@x.test,"),
    "a wildcard namespace": LINE.replace("go@relman.dev,git", "*"),
    "a namespace that is not meant": LINE.replace("git", "!git"),
    "a range of namespaces": LINE.replace("git", "[a-z]"),
    "an empty namespace": LINE.replace(",git", ","),
    "cert-authority": LINE.replace(" namespaces", " cert-authority,namespaces"),
    "an option that nobody knows": LINE.replace(" namespaces", ' verify="no",namespaces'),
    "an option twice": LINE.replace(" namespaces", ' namespaces="git",namespaces'),
    "an option in capitals": LINE.replace("namespaces", "Namespaces"),
    "no comma between options": LINE.replace('",valid', '"valid'),
    "a comma too many": LINE.replace('",valid', '",,valid'),
    "a comma at the end": LINE.replace('Z" ', 'Z", '),
    "a quote within": LINE.replace("git", 'g\\"it'),
    "no quotes": LINE.replace('"', ""),
    "two spaces": LINE.replace(" ssh-", "  ssh-"),
    "a space before it": f" {LINE}",
    "a tab": LINE.replace(" ssh-", "\tssh-"),
    "CRLF": f"{LINE}\r",
    "a NUL": LINE.replace("@laptop", "\0"),
    "a byte order mark": f"\ufeff{LINE}",
    "an escape of a terminal": f"{LINE}\x1b[2J",
    "a key of another kind than it says": LINE.replace("ssh-ed25519", "ssh-rsa"),
    "a key that is cut": LINE.replace(KEY.line, KEY.line[:-4]),
    "a short RSA key": LINE.replace(KEY.line, smith.rsa_key(1024).line),
    "one key glued to the next line": LINE.replace(" ana@laptop", "") + LINE,
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_line_with_another_reading_is_refused(name: str) -> None:
    """The whole list is, with the line's number: a list of which a part is skipped is another list."""
    with pytest.raises(Refused):
        listed(BAD[name])
    with pytest.raises(Refused, match=r"allowed_signers(:3)?"):
        listed(LINE, "", BAD[name])


@pytest.mark.parametrize("content", [b"# \xff\n", b"#" * 70_000])
def test_a_list_is_text_of_a_sensible_size(content: bytes) -> None:
    """UTF-8, at most 64 kB."""
    with pytest.raises(Refused, match=r"no text|too large"):
        Signers.read(content)


def test_a_key_counts_from_its_first_second_to_its_last() -> None:
    """Both ends belong to it; outside, the reason names the dates."""
    signers = listed(ENDS)
    for at in (AFTER, BEFORE):
        assert signers.entitled("ana@x.test", BY, at) is BY
    with pytest.raises(Refused, match=r"valid from 2026-11-24T09:00:00.000Z on"):
        signers.entitled("ana@x.test", BY, AFTER - SECOND)
    with pytest.raises(Refused, match=r"valid until 2026-12-31T00:00:00.000Z"):
        signers.entitled("ana@x.test", BY, BEFORE + SECOND)


def test_a_time_without_an_offset_is_no_moment() -> None:
    """It would mean another one on each machine."""
    with pytest.raises(UsageError):
        listed(LINE).principals(PUBLIC, GO, datetime(2026, 12, 1))  # noqa: DTZ001


def test_every_reason_is_named() -> None:
    """Somebody else's key, an unknown one, another use, taken back."""
    signers, at = listed(LINE), AFTER
    with pytest.raises(Refused, match=r"is the key of ana@x\.test"):
        signers.entitled("ben", BY, at)
    with pytest.raises(Refused, match="in no line"):
        signers.entitled("ana@x.test", Verified(PublicKey.read(OTHER.line), GO), at)
    with pytest.raises(Refused, match=r"may not be used for ci@relman\.dev"):
        signers.entitled("ana@x.test", Verified(PUBLIC, "ci@relman.dev"), at)
    with pytest.raises(Refused, match="was revoked"):
        signers.without([PUBLIC]).entitled("ana@x.test", BY, at)


def test_t03_what_counts_is_the_moment_and_no_date_that_was_written() -> None:
    """T03: a key that is over now may have signed yesterday, who knows; it does not count."""
    assert listed(ENDS).principals(PUBLIC, GO, BEFORE) == ("ana@x.test",)
    assert listed(ENDS).principals(PUBLIC, GO, BEFORE + SECOND) == ()


def test_several_lines_of_a_person_count_each_for_itself() -> None:
    """A laptop's key, and a hardware key for something else."""
    signers = listed(LINE, LINE.replace(KEY.line, OTHER.line).replace("go@relman.dev", "policy@relman.dev"))
    other = PublicKey.read(OTHER.line)
    assert signers.principals(PUBLIC, GO, AFTER) == ("ana@x.test",)
    assert signers.principals(other, GO, AFTER) == ()
    assert signers.principals(other, "policy@relman.dev", AFTER) == ("ana@x.test",)


def test_revoked_keys_are_keys() -> None:
    """One a line, comments allowed; anything else is a refusal, never skipped."""
    assert read_revoked(f"# lost in Lisbon\n{KEY.line} ana\n\n{OTHER.line}\n".encode()) == {
        PUBLIC,
        PublicKey.read(OTHER.line),
    }
    with pytest.raises(Refused, match="revoked_keys:2"):
        read_revoked(f"{KEY.line}\n{OTHER.line[:-8]}\n".encode())


@pytest.mark.needs_program("ssh-keygen")
def test_stock_reads_the_same_file_of_revoked_keys(tmp_path: Path) -> None:
    """``ssh-keygen -r`` refuses the key that is in it, and takes the one that is not."""
    path = tmp_path / "revoked_keys"
    path.write_text(f"# lost in Lisbon\n{KEY.line} ana\n")
    for key in (KEY, OTHER):
        (tmp_path / "sig").write_bytes(key.sign(b"x", GO))
        (tmp_path / "signers").write_text(f"ana {key.line}\n")
        command = ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "signers"), "-I", "ana", "-n", GO]
        command += ["-s", str(tmp_path / "sig"), "-r", str(path)]
        ended = subprocess.run(command, input=b"x", capture_output=True, check=False).returncode
        assert (ended == 0) is (PublicKey.read(key.line) not in read_revoked(path.read_bytes()))


@pytest.mark.needs_program("ssh-keygen")
@pytest.mark.parametrize("at", [AFTER - SECOND, AFTER, BEFORE, BEFORE + SECOND])
@pytest.mark.parametrize("namespace", [GO, "git", "ci@relman.dev"])
@pytest.mark.parametrize("who", ["ana@x.test", "ben@x.test"])
def test_stock_reads_the_same_list(tmp_path: Path, at: datetime, namespace: str, who: str) -> None:
    """T10, T20: the same persons may do the same things at the same seconds, by both verifiers."""
    ours = who in listed(ENDS).principals(PUBLIC, namespace, at)
    signature = KEY.sign(b"x", namespace)
    when = at.strftime("%Y%m%d%H%M%SZ")
    assert stock.accepts(tmp_path, b"x", signature, namespace, f"{ENDS}\n", who=who, at=when) is ours
