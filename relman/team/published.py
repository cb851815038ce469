"""The signing keys that a person has published on GitHub, fetched once, when somebody adds them.

What it is not: asked again when a signature is verified. Whoever takes over an account there must not be
able to say go here.

Source: https://docs.github.com/en/rest/users/ssh-signing-keys?apiVersion=2022-11-28
"""

from __future__ import annotations

import re
from typing import Any

from relman.errors import Refused, Tampered, Unreachable
from relman.signing import PublicKey

API = "https://api.github.com"
VERSION = "2022-11-28"
SECONDS = 10.0
OK, MISSING = 200, 404
MOST = 20
"""How many keys of one person are taken."""
_USER = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}", re.ASCII)


def keys(user: str) -> tuple[tuple[PublicKey, ...], tuple[str, ...]]:
    """The signing keys of a user, and why others of theirs were not taken.

    Args:
        user: The name on GitHub.

    Raises:
        Refused: There is no such user, or no key of theirs may sign.
        Unreachable: GitHub does not answer.
    """
    if not _USER.fullmatch(user):
        raise Refused("nobody on GitHub is called that", fact=repr(user)[:80])
    taken, left = [], []
    for text in _texts(_asked(user), user)[:MOST]:
        try:
            taken.append(PublicKey.read(text))
        except Tampered as error:
            left.append(f"{error.what}: {error.fact}")
    if not taken:
        fact = "; ".join(left) or f"{user} has published none; a key for logging in is no signing key"
        raise Refused(
            "no key that may sign", fact=fact, clears=f"https://github.com/{user}.keys shows others"
        )
    return tuple(dict.fromkeys(taken)), tuple(left)


def _asked(user: str) -> Any:  # noqa: ANN401 - JSON
    import requests

    url = f"{API}/users/{user}/ssh_signing_keys?per_page={MOST}"
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION}
    try:
        answer = requests.get(url, headers=headers, timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise Unreachable("GitHub does not answer", fact=type(error).__name__) from error
    if answer.status_code == MISSING:
        raise Refused("there is no such user on GitHub", fact=user)
    if answer.status_code != OK:
        raise Unreachable("GitHub does not tell the keys", fact=f"HTTP {answer.status_code}")
    try:
        return answer.json()
    except ValueError as error:
        raise Unreachable("GitHub's answer is no JSON", fact=str(error)) from error


def _texts(content: Any, user: str) -> list[str]:  # noqa: ANN401 - JSON
    try:
        return [str(one["key"]) for one in content]
    except (TypeError, KeyError, IndexError):
        raise Unreachable("GitHub's answer is no list of keys", fact=user) from None
