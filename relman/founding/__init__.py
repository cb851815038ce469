"""The first relman.toml of a repository: what ``inv init`` asks, and what it writes.

What it is not: an editor. What is there already is never touched.
"""

from relman.founding.people import line
from relman.founding.questions import QUESTIONS, Ask, Known, answered
from relman.founding.writing import drafted, next_command, vacant, write

__all__ = ["QUESTIONS", "Ask", "Known", "answered", "drafted", "line", "next_command", "vacant", "write"]
