"""Callees are never recorded: what a script of theirs could do to that end, seen from the code itself.

What Asterisk could do without a script, test_render.py looks at; that nothing is left of a line that was
overheard, each journey of tests/conversations.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def rooms_of(script: str) -> set[str]:
    """The modules of agi that `script` is made of: itself, and what it imports, and so on."""
    seen: set[str] = set()
    waiting = [script]
    while waiting:
        name = waiting.pop()
        if name in seen or not (ROOT / "agi" / f"{name}.py").exists():
            continue
        seen.add(name)
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "agi":
                inner = (node.module or "").partition(".")[2]
                waiting += [inner] if inner else [alias.name for alias in node.names]
    return seen


def tree(name: str) -> ast.Module:
    return ast.parse((ROOT / "agi" / f"{name}.py").read_text(encoding="utf-8"))


def calls(name: str, method: str) -> list[int]:
    """Where the module calls a method of this name."""
    return [
        node.lineno
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
    ]


def test_no_part_of_a_call_that_we_make_records() -> None:
    rooms = rooms_of("callout")
    assert {"callout", "listen", "message", "menu"} <= rooms
    assert {room: calls(room, "record") for room in rooms} == {room: [] for room in rooms}


def test_the_hotline_does_and_would_be_seen() -> None:
    assert any(calls(room, "record") for room in rooms_of("hotline"))


def test_a_line_is_overheard_in_one_place_and_into_a_file_that_is_gone_after_it() -> None:
    rooms = [path.stem for path in (ROOT / "agi").glob("*.py")]
    (where,) = (room for room in rooms if calls(room, "overhear"))
    assert where == "message"
    (line,) = calls(where, "overhear")
    blocks = [
        block
        for block in ast.walk(tree(where))
        if isinstance(block, ast.With) and block.lineno <= line <= (block.end_lineno or 0)
    ]
    assert [ast.unparse(item.context_expr) for block in blocks for item in block.items] == [
        "desk.overhearing()"
    ]


@pytest.mark.parametrize("word", ["RECORD FILE", "Monitor", "ChanSpy", "AudioSocket"])
def test_asterisk_is_told_to_record_by_one_line_of_code_alone(word: str) -> None:
    """The practice network is not ours but the telephone network's part: its phones record what they hear."""
    files = [
        p
        for room in ("ivr", "agi", "dialplan")
        for p in (ROOT / room).rglob("*.*")
        if p.suffix in (".py", ".conf")
    ]
    found = [
        str(path.relative_to(ROOT))
        for path in files
        if "pstn" not in path.parts
        for text in path.read_text(encoding="utf-8").splitlines()
        if word in text
    ]
    assert found == (["ivr/adapters/fastagi/channel.py"] if word == "RECORD FILE" else [])
