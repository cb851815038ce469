"""The one record of what was decided and done: journal of the engine and audit trail in one.

What it is not: a log. Nothing is written here that nobody decided or did, and nothing is ever
changed. ``chain`` says what a leaf is, ``entries`` what people read, ``sqlite`` where it lies.
"""

from relman.ledger.entries import Draft, Entry, Fence, Run, Store
from relman.ledger.sqlite import SqliteStore

__all__ = ["Draft", "Entry", "Fence", "Run", "SqliteStore", "Store"]
