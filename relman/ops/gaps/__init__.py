"""What an operating model leaves open: ``ops.gaps``, over a relman.toml or over documents that people wrote.

What it is not: a judge of what is there (``ops.check``). ``written`` reads documents into facts,
``modelled`` the sections of relman.toml; the rules in ``rules`` are the same for both.
"""

from relman.ops.gaps.facts import Facts, Gap
from relman.ops.gaps.modelled import facts
from relman.ops.gaps.rules import RULES, gaps
from relman.ops.gaps.written import opened, read

__all__ = ["RULES", "Facts", "Gap", "facts", "gaps", "opened", "read"]
