"""What the address of a remote says."""

from __future__ import annotations

import pytest

from relman.remote import Remote


@pytest.mark.parametrize(
    ("url", "web"),
    [
        ("https://github.com/acme/api", "https://github.com/acme/api"),
        ("https://github.com/acme/api.git/", "https://github.com/acme/api"),
        ("https://li:hunter2@GitHub.com/acme/api.git", "https://github.com/acme/api"),
        ("https://git.example.com:8443/acme/api.git", "https://git.example.com:8443/acme/api"),
        ("https://git.example.com:443/acme/api.git", "https://git.example.com/acme/api"),
        ("git@github.com:acme/api.git", "https://github.com/acme/api"),
        ("github.com:acme/api", "https://github.com/acme/api"),
        ("ssh://git@git.example.com:2222/team/sub/api.git", "https://git.example.com/team/sub/api"),
        ("ssh://git@ssh.github.com:443/acme/api.git", "https://github.com/acme/api"),
        ("git@[::1]:acme/api.git", None),
        ("git://git.example.com/api.git", "https://git.example.com/api"),
        ("/srv/git/api.git", None),
        ("../api.git", None),
        ("./we:ird", None),
        ("file:///srv/git/api.git", None),
        ("https://", None),
        ("https://git.example.com:port/acme/api", None),
        ("https://github.com/", None),
        ("github.com:", None),
        ("ext::sh -c touch% x", None),
        ("", None),
    ],
)
def test_an_address_says_host_and_path(url: str, web: str | None) -> None:
    """Both of git's forms are read; a folder of this machine and nonsense are no remote."""
    found = Remote.read(url)
    assert (found.web if found else None) == web


def test_no_secret_of_an_address_is_kept() -> None:
    """What stands before the host is not part of what is read."""
    assert "hunter2" not in repr(Remote.read("https://li:hunter2@github.com/acme/api.git"))


def test_a_repository_is_called_the_same_however_it_was_cloned() -> None:
    """Its genesis is pinned by that name; the same path on another host is another repository."""
    cloned = (
        "git@github.com:acme/api.git",
        "https://github.com/acme/api",
        "ssh://git@ssh.github.com:443/acme/api",
    )
    assert {remote.name for url in cloned if (remote := Remote.read(url))} == {"github.com/acme/api"}
    other = Remote.read("https://gitlab.com/acme/api")
    assert other is not None
    assert other.name == "gitlab.com/acme/api"
