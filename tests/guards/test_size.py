"""Functions and files stay small enough to be read in one glance (house style, rules 1 and 2)."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

from tests.guards import tree

FUNCTION, FILE = 40, 350

BLANK = {
    *(tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENCODING, tokenize.ENDMARKER),
}


def test_no_function_has_more_than_forty_lines_of_code() -> None:
    """Blank lines, comments and the docstring do not count; what is inside an inner function does."""
    long = {
        f"{tree.named(path)}:{function.lineno} {function.name}": count
        for path in tree.below(".")
        for function in tree.functions(path)
        if (count := len(body(function) & code_lines(path))) > FUNCTION
    }
    assert long == {}


def test_no_file_has_more_than_350_lines() -> None:
    """A file is one noun of the glossary; one that grows beyond this has become two."""
    long = {
        tree.named(path): count
        for path in tree.below(".")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > FILE
    }
    assert long == {}


def test_every_file_says_what_it_is() -> None:
    """Each Python file opens with a docstring, and each of relman's says what it is not."""
    assert [tree.named(path) for path in tree.below(".") if not ast.get_docstring(tree.parsed(path))] == []


def body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[int]:
    """The lines of a function's body, without its docstring."""
    first, *rest = function.body
    is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    start = first.end_lineno if is_doc else first.lineno - 1
    assert function.end_lineno
    assert start is not None
    return set(range(start + 1, function.end_lineno + 1)) if rest or not is_doc else set()


def code_lines(path: Path, known: dict[Path, set[int]] = {}) -> set[int]:  # noqa: B006  a memory
    """The lines of a file that carry code."""
    if path not in known:
        tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
        known[path] = {
            line
            for token in tokens
            if token.type not in BLANK
            for line in range(token.start[0], token.end[0] + 1)
        }
    return known[path]
