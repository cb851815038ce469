"""The one record of what was decided and done: journal of the engine and audit trail in one.

What it is not: a log. Nothing is written here that nobody decided or did, and nothing is ever
changed. ``chain`` says what a leaf is, ``entries`` what people read, ``sqlite`` where it lies,
``record`` one run of it, ``story`` what it tells of a service.
"""

from relman.ledger.entries import Draft, Entry, Fence, Run, Store
from relman.ledger.record import RunRecord
from relman.ledger.sqlite import SqliteStore

__all__ = ["Draft", "Entry", "Fence", "Run", "RunRecord", "SqliteStore", "Store"]
