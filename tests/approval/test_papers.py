"""What is put to the vote, and the folder it lies in."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from relman.approval import template
from relman.approval.folder import Folder, requests
from relman.approval.request import Item, LedgerBound, Occurrence, PolicyBound, Replaced, Request
from relman.errors import ConfigError, Refused
from relman.signing import Subject
from relman.signing.statements import Sha256

DIGEST = "ab" * 32


def a_request(**other: object) -> Request:
    """A request that is whole, with whatever differs."""
    whole = Request(
        subject=(Subject("europe-docker.pkg.dev/p/r/api", Sha256(DIGEST)),),
        service="api",
        project="acme",
        region="europe-west1",
        environment="production",
        version="1.4.0",
        commit="c0" * 20,
        image=f"europe-docker.pkg.dev/p/r/api@sha256:{DIGEST}",
        replaces=Replaced("1.3.2", "api-v1-3-2-abcdef0"),
        authors=("erin@mervo.example",),
        checklist=(Item("smoke", "on-call", "pass", evidence=Sha256(DIGEST)),),
        policy=PolicyBound(7, Sha256(DIGEST)),
        ledger=LedgerBound(41, DIGEST),
        window=Occurrence(1_795_593_600, 1_795_615_200),
        plan=Sha256(DIGEST),
        template=Sha256(DIGEST),
        difference=Sha256(DIGEST),
        oncall=None,
        nonce="3f" * 16,
        created_at=1_795_590_000,
        expires_at=1_795_615_200,
    )
    return msgspec.structs.replace(whole, **other)


def test_a_request_reads_as_it_was_written() -> None:
    """Its bytes are canonical, and give the same value again."""
    request = a_request()
    assert Request.read(request.content()) == request
    assert b'"from":{"revision"' in request.content()


def test_a_first_release_replaces_nothing() -> None:
    """Nothing serves yet, and that is said, not left out."""
    request = a_request(replaces=None)
    assert b'"from":null' in request.content()
    assert Request.read(request.content()).replaces is None


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b'"version":"1.4.0"', b'"version":""'),
        (b'"createdAt":1795590000', b'"createdAt":-1'),
        (b'"nonce":"3f', b'"nonce":"3F'),
        (b'"service":"api"', b'"service":"api","surprise":1'),
        (b'"region":"europe-west1",', b""),
        (b"{", b"{ "),
    ],
)
def test_a_request_that_is_none_is_refused(was: bytes, becomes: bytes) -> None:
    """A missing, an unknown or an unfit field, and any other spelling of the same value."""
    content = a_request().content()
    assert was in content
    with pytest.raises(Refused, match="the request"):
        Request.read(content.replace(was, becomes, 1))


def test_a_request_is_no_larger_than_what_can_be_read_again() -> None:
    """A request that no verifier would read is refused when it is made."""
    with pytest.raises(Refused, match="too large"):
        a_request(authors=tuple(f"{n}@mervo.example" for n in range(6_000))).content()


def test_a_folder_tells_what_lies_in_it(tmp_path: Path) -> None:
    """A vote with its signature is read; a stray file, a lone vote and a link each come with a fault."""
    folder = Folder(tmp_path, a_request().folder)
    folder.write(a_request().content(), "request.json")
    named = folder.next_name("votes", "eng-lead", "ana@mervo.example")
    folder.write(b"vote", "votes", named)
    folder.write(b"signature", "votes", f"{named}.sig")
    folder.write(b"lone", "votes", "on-call.00000000.1.json")
    folder.write(b"stray", "votes", "notes.txt")
    (folder.path / "votes" / "on-call.00000001.1.json").symlink_to("/etc/hostname")
    found = {paper.name: paper for paper in folder.votes()}
    assert (found[named].content, found[named].signature, found[named].fault) == (b"vote", b"signature", "")
    assert "is missing" in found["on-call.00000000.1.json"].fault
    assert "no file of this folder" in found["notes.txt"].fault
    assert "cannot be read" in found["on-call.00000001.1.json"].fault
    assert [one.name for one in requests(tmp_path)] == [folder.name]


def test_each_vote_of_a_signer_has_a_number_of_its_own(tmp_path: Path) -> None:
    """A later word does not overwrite an earlier one (ruling 19)."""
    folder = Folder(tmp_path, "api-1.4.0-production-3f3f3f3f")
    first = folder.next_name("votes", "eng-lead", "ana@mervo.example")
    folder.write(b"", "votes", first)
    second = folder.next_name("votes", "eng-lead", "ana@mervo.example")
    assert (first[-7:], second[-7:]) == (".1.json", ".2.json")
    assert folder.next_name("votes", "eng-lead", "ben@mervo.example").endswith(".1.json")


def test_a_folder_of_links_is_not_followed(tmp_path: Path) -> None:
    """A request that lies behind a link is none."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "request.json").write_bytes(a_request().content())
    checklists = tmp_path / "checklists"
    checklists.mkdir()
    (checklists / "api").symlink_to(outside)
    assert requests(checklists) == ()
    with pytest.raises(Refused):
        Folder(checklists, "api").request()


def test_the_template_that_comes_along_reads(tmp_path: Path) -> None:
    """Without a team's own the package's is asked; its machine items name gates."""
    found = template.read(template.content(tmp_path))
    assert {one.evidence for one in found.item} >= {"smoke", "way-back", "person"}


@pytest.mark.parametrize(
    "text",
    [b"", b"item = []", b'[[item]]\nid = "A b"\nwhat = "x"', b'[[item]]\nid = "a"', b"\xff", b"[[item"],
)
def test_a_template_that_cannot_be_read_is_refused(text: bytes) -> None:
    """An empty checklist is no checklist; what is not understood is not skipped."""
    with pytest.raises(ConfigError, match="template"):
        template.read(text)


def test_an_item_stands_once_in_a_template() -> None:
    """Two items of one id could be answered as one."""
    with pytest.raises(ConfigError, match="twice"):
        template.read(b'[[item]]\nid = "a"\nwhat = "x"\n[[item]]\nid = "a"\nwhat = "y"')
