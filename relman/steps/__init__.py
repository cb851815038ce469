"""What each kind of step observes and does, one file a family.

What it is not: the order of them (``plan``) or their settling (``engine``).
"""

from relman.steps.ask import AskGates, ProveWayBack
from relman.steps.back import ShiftBack, VerifyBack
from relman.steps.build import Build, Freeze, named, with_image
from relman.steps.notes import WriteNotes
from relman.steps.record import PushTag, Tag
from relman.steps.step import Absent, Authority, Done, Failed, Outside, Pending, Seen, Step, World
from relman.steps.tell import PublishRelease, TellDeployment
from relman.steps.traffic import Create, Deploy, Shift
from relman.steps.watch import Bake, Smoke

AnyStep = (
    Build
    | Freeze
    | WriteNotes
    | AskGates
    | ProveWayBack
    | Create
    | Deploy
    | Shift
    | Bake
    | Smoke
    | Tag
    | PushTag
    | PublishRelease
    | TellDeployment
    | ShiftBack
    | VerifyBack
)
"""Every kind of step; a stored plan is decoded as these."""

__all__ = [
    "Absent",
    "AnyStep",
    "AskGates",
    "Authority",
    "Bake",
    "Build",
    "Create",
    "Deploy",
    "Done",
    "Failed",
    "Freeze",
    "Outside",
    "Pending",
    "ProveWayBack",
    "PublishRelease",
    "PushTag",
    "Seen",
    "Shift",
    "ShiftBack",
    "Smoke",
    "Step",
    "Tag",
    "TellDeployment",
    "VerifyBack",
    "World",
    "WriteNotes",
    "named",
    "with_image",
]
