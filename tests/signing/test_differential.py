"""T20: two verifiers never disagree in the dangerous direction: what relman accepts, stock accepts.

What it is not: a search for what stock accepts and relman does not; there is much of that, and it is meant.

Each case is made from a seed: a good signature and a good list of signers, with a few changes that tend to
keep them readable. Only what relman accepts is asked of ``ssh-keygen``. ``RELMAN_FUZZ`` says how many cases.
"""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from relman.errors import Refused, Tampered
from relman.signing import GO, Signers, verified
from tests.signing import smith, stock
from tests.signing.test_signers import BAD
from tests.signing.test_sshsig import DAMAGED, GOOD, MESSAGE, NAMESPACE

pytestmark = pytest.mark.needs_program("ssh-keygen")

CASES = int(os.environ.get("RELMAN_FUZZ", "1500"))
NOW, STAMP = datetime(2026, 11, 25, 10, tzinfo=UTC), "20261125100000Z"
KEYS = [make() for make in smith.KINDS.values()]
SIGNED = [(key, key.sign(MESSAGE, GO, hash_)) for key in KEYS for hash_ in ("sha512", "sha256")]

WHO = ["ana", "ana@x.test", "ben", "*", "an?", "ANA", "ana,ben", "!ana,*", '"ana"', "", "ana,", "#ana"]
NAMESPACES = [GO, f"git,{GO}", "git", "*", f"!{GO},*", "GO@relman.dev", f"{GO},", "", f" {GO}", f"{GO}\\"]
DATES = [
    "20261125Z",
    STAMP,
    "20261125100001Z",
    "202611251000Z",
    "20261125",
    "20270230Z",
    "0Z",
    "",
    "20261125095960Z",
]
JUNK = [
    " ",
    "\t",
    ",",
    '"',
    "=",
    "\\",
    "\r",
    "\n",
    "\0",
    "#",
    "*",
    "!",
    "\ufeff",
    "\u00e4",
    "\u2028",
    "Z",
    "A",
]


def test_t20_no_signature_passes_here_that_stock_refuses(tmp_path: Path) -> None:
    """Armour, fields and bytes changed in one to three places."""
    passed = changed = 0
    for seed in range(CASES):
        dice = random.Random(seed)  # noqa: S311 - cases that can be had again
        key, signature = dice.choice(SIGNED)
        mutant = signature
        for _ in range(dice.randint(1, 3)):
            mutant = dice.choice(CHANGES)(dice, mutant)
        if not holds(mutant):
            continue
        passed += 1
        changed += mutant != signature
        assert stock.accepts(tmp_path, MESSAGE, mutant, GO, f"ana {key.line}\n", who="ana"), f"seed {seed}"
    assert 0 < changed <= passed < CASES


def test_t20_no_list_names_somebody_here_whom_stock_does_not(tmp_path: Path) -> None:
    """Persons, options, dates, order, white space; several lines."""
    passed = 0
    key, signature = SIGNED[0]
    for seed in range(CASES):
        dice = random.Random(seed)  # noqa: S311
        signers = "".join(f"{line(dice, key)}{dice.choice(ENDS)}" for _ in range(dice.randint(1, 2)))
        who, at = dice.choice(WHO[:3]), NOW
        if named(signers, who, signature, at):
            passed += 1
            assert stock.accepts(tmp_path, MESSAGE, signature, GO, signers, who=who, at=STAMP), f"seed {seed}"
    assert passed > CASES / 100


@pytest.mark.parametrize("name", sorted(DAMAGED))
def test_t20_a_damaged_signature_is_no_worse_here(name: str, tmp_path: Path) -> None:
    """The regressions: CRLF, two signatures, trailing junk and the like."""
    key = verified(MESSAGE, GOOD, NAMESPACE).key
    here = holds(DAMAGED[name])
    assert not here or stock.accepts(tmp_path, MESSAGE, DAMAGED[name], NAMESPACE, f"a {key.line}\n", who="a")


@pytest.mark.parametrize("name", ["two signatures", "trailing junk", "something unsigned in reserved"])
def test_t20_what_stock_lets_pass_is_refused_here(name: str, tmp_path: Path) -> None:
    """Stock looks no further than the first footer, and skips what it does not sign: no harm, and no need."""
    key = verified(MESSAGE, GOOD, NAMESPACE).key
    assert stock.accepts(tmp_path, MESSAGE, DAMAGED[name], NAMESPACE, f"a {key.line}\n", who="a")
    assert not holds(DAMAGED[name])


@pytest.mark.parametrize("name", ["no comma between options", "a key that is cut", "an option twice"])
def test_t20_what_stock_skips_is_refused_here(name: str, tmp_path: Path) -> None:
    """The regressions in lists of signers: where stock goes on with the next line, the list is refused."""
    key = KEYS[0]
    signature = key.sign(MESSAGE, GO)
    good = f'ana namespaces="{GO}",valid-after="20261124Z" {key.line}'
    signers = f"{BAD[name]}\n{good}\n"
    assert stock.accepts(tmp_path, MESSAGE, signature, GO, signers, who="ana", at=STAMP)
    with pytest.raises(Refused):
        Signers.read(signers.encode())


def holds(signature: bytes) -> bool:
    """Whether relman takes it."""
    try:
        verified(MESSAGE, signature, GO)
    except Tampered:
        return False
    return True


def named(signers: str, who: str, signature: bytes, at: datetime) -> bool:
    """Whether relman takes the signature for that person's."""
    by = verified(MESSAGE, signature, GO)
    try:
        return Signers.read(signers.encode()).entitled(who, by, at) is by
    except Refused:
        return False


# ── how a case is made ───────────────────────────────────────────────────────────────────────────


def flipped(dice: random.Random, text: bytes) -> bytes:
    """One bit of the armoured text."""
    at = dice.randrange(len(text)) if text else 0
    return text[:at] + bytes([text[at] ^ 1 << dice.randrange(8)]) + text[at + 1 :] if text else text


def inserted(dice: random.Random, text: bytes) -> bytes:
    """A character that means something somewhere."""
    at = dice.randint(0, len(text))
    return text[:at] + dice.choice(JUNK).encode() + text[at:]


def cut(dice: random.Random, text: bytes) -> bytes:
    """A few bytes gone."""
    at = dice.randint(0, len(text))
    return text[:at] + text[at + dice.randint(1, 4) :]


def ended(dice: random.Random, text: bytes) -> bytes:
    """Another end of the file."""
    return text.rstrip(b"\n") + dice.choice([b"", b"\n", b"\r\n", b"\n\n", b" \n", b"\n" + text, b"-\n"])


def rewrapped(dice: random.Random, text: bytes) -> bytes:
    """Lines of another length."""
    return smith.armour(
        raw(text), dice.choice([1, 4, 7, 64, 76, 5000]), dice.choice(["\n", "\n", "\n", "\r\n"])
    )


def within(change: Callable[[random.Random, bytes], bytes]) -> Callable[[random.Random, bytes], bytes]:
    """A change of the blob, in an armour that is whole."""
    return lambda dice, text: smith.armour(change(dice, raw(text)))


def refielded(dice: random.Random, blob: bytes) -> bytes:
    """A field of the blob: emptied, doubled, with a zero before or behind it, or exchanged."""
    fields = split(blob[10:])
    at = dice.randrange(len(fields)) if fields else 0
    if not fields:
        return blob
    fields[at] = dice.choice(
        [b"", fields[at] * 2, b"\0" + fields[at], fields[at] + b"\0", dice.choice(fields)]
    )
    return blob[:10] + b"".join(map(smith.string, fields))


def split(blob: bytes) -> list[bytes]:
    """The fields of a blob, as far as they are whole."""
    fields, at = [], 0
    while at + 4 <= len(blob):
        size = int.from_bytes(blob[at : at + 4], "big")
        if at + 4 + size > len(blob):
            break
        fields.append(blob[at + 4 : at + 4 + size])
        at += 4 + size
    return fields


def raw(text: bytes) -> bytes:
    """The blob of an armoured text, as far as there is one."""
    try:
        return base64.b64decode(b"".join(text.split(b"\n")[1:-2]))
    except ValueError:
        return b""


CHANGES = [flipped, inserted, cut, ended, rewrapped, within(flipped), within(cut), within(refielded)]
ENDS = ["\n", "\n", "\n", "", "\n\n", "\r\n", " \n"]


def line(dice: random.Random, key: smith.Key) -> str:
    """A line of a list, most of it good."""
    options = [f'namespaces="{mostly(dice, NAMESPACES)}"', f'valid-after="{mostly(dice, DATES)}"']
    if dice.random() < 0.3:
        options.append(f'valid-before="{dice.choice([*DATES, "20270101Z"])}"')
    if dice.random() < 0.1:
        options.append(dice.choice(["cert-authority", 'x="1"', "", options[0], "Namespaces=git"]))
    dice.shuffle(options)
    space = " " if dice.random() < 0.9 else dice.choice(["  ", "\t", ""])
    joined = ",".join(options) if dice.random() < 0.9 else dice.choice(["", ", ", ",,"]).join(options)
    text = f"{mostly(dice, WHO)} {joined}{space}{key.line}{dice.choice(['', ' ana', ' a b # c', ' '])}"
    if dice.random() < 0.3:
        at = dice.randint(0, len(text))
        text = text[:at] + dice.choice(JUNK) + text[at:]
    return text


def mostly(dice: random.Random, choices: list[str]) -> str:
    """One of the first two, mostly."""
    return dice.choice(choices[:2] if dice.random() < 0.7 else choices)
