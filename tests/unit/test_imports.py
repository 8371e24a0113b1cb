"""Imports go one way: agi, cli -> bootstrap -> adapters, services -> ports -> domain.

Every import statement counts, also one within a function or for type checking alone.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FASTAGI_STARTER = "ivr.cli.serve"
"""The one place in ivr that may import agi: it starts the FastAGI server."""


def imported(source: str, package: str) -> Iterator[str]:
    """Everything `source` imports, by its full name; `package` is where its relative imports count from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def under(name: str, *rooms: str) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def adapter(name: str) -> str:
    """Which adapter a module belongs to: each module or package beneath is one."""
    return name.split(".")[2]


def complaint(module: str, name: str) -> str | None:
    """What is wrong with `module` importing `name`."""
    standard = name.partition(".")[0] in sys.stdlib_module_names
    ours = under(name, "ivr", "agi")
    if under(module, "ivr.domain"):
        return (
            None if standard or under(name, "ivr.domain") else "the domain knows the standard library alone"
        )
    if module == "ivr.ports":
        return None if standard or under(name, "ivr.domain") else "ports know the domain alone"
    if under(module, "ivr.services"):
        known = ("ivr.ports", "ivr.domain", "ivr.services", "ivr.config", "ivr.yamlfile")
        return None if standard or under(name, *known) else "services know ports, domain and config alone"
    if under(module, "ivr.adapters") and ours:
        if under(name, "ivr.adapters"):
            same = adapter(module) == adapter(name)
            return None if same else "adapters never import each other"
        known = ("ivr.ports", "ivr.domain", "ivr.config", "ivr.yamlfile")
        return None if under(name, *known) else "adapters know ports, domain and config alone"
    if under(module, "ivr.bridge") and under(name, "ivr.services", "ivr.adapters.store"):
        return "the bridge reaches the hotline through the gate alone"
    if under(module, "ivr") and under(name, "agi"):
        return None if module == FASTAGI_STARTER else "ivr never imports agi"
    if under(module, "agi") and under(name, "ivr.adapters"):
        return None if under(name, "ivr.adapters.fastagi") else "agi knows no adapter but its channel"
    return None


def modules() -> dict[str, Path]:
    files = [path for room in ("ivr", "agi") for path in (ROOT / room).rglob("*.py")]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in files
        if "migrations" not in path.parts  # loaded by Alembic, by path
    }


def test_every_import_goes_the_one_way() -> None:
    wrong = []
    for module, path in modules().items():
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for name in imported(path.read_text(encoding="utf-8"), package):
            if (found := complaint(module, name)) is not None:
                wrong.append(f"{module} imports {name}: {found}")

    assert wrong == []


def test_every_room_was_walked() -> None:
    rooms = {".".join(module.split(".")[:2]) for module in modules()}

    assert {
        "ivr.domain",
        "ivr.services",
        "ivr.adapters",
        "ivr.ports",
        "ivr.cli",
        "ivr.bridge",
        "agi.hotline",
    } <= rooms


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("ivr.domain.alert", "sqlalchemy"),
        ("ivr.domain.alert", "ivr.ports.Clock"),
        ("ivr.ports", "ivr.services.ledger"),
        ("ivr.services.ledger", "ivr.adapters.store.SqlStore"),
        ("ivr.services.courier", "smpplib.client"),
        ("ivr.services.desk", "ivr.bootstrap"),
        ("ivr.adapters.ami", "ivr.adapters.store.SqlStore"),
        ("ivr.adapters.ami", "ivr.services.ledger.Ledger"),
        ("ivr.adapters.ami", "ivr.cli"),
        ("ivr.bootstrap", "agi.hotline"),
        ("ivr.cli.team", "agi.hotline"),
        ("agi.hotline", "ivr.adapters.audio"),
        ("agi.hotline", "ivr.adapters.Recordings"),
        ("ivr.bridge.worker", "ivr.adapters.store.SqlStore"),
        ("ivr.bridge.worker", "ivr.services.ledger.Ledger"),
    ],
)
def test_the_wrong_way_is_noticed(module: str, name: str) -> None:
    assert complaint(module, name) is not None


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("ivr.domain.alert", "ivr.domain.records.Alert"),
        ("ivr.domain.alert", "dataclasses"),
        ("ivr.adapters.store.migrate", "ivr.adapters.store.SqlStore"),
        ("ivr.adapters.store", "sqlalchemy"),
        ("ivr.adapters.smpp.link", "ivr.adapters.smpp.session.Session"),
        ("ivr.bootstrap", "ivr.adapters.audio"),
        ("ivr.cli.serve", "agi.hotline"),
        ("agi.hotline", "ivr.adapters.fastagi.Channel"),
        ("agi.hotline", "ivr.domain.facts"),
    ],
)
def test_the_right_way_is_left_alone(module: str, name: str) -> None:
    assert complaint(module, name) is None


def test_an_import_counts_wherever_and_however_it_is_written() -> None:
    source = """
import one.two as x
from three import four
from . import five
from .six import seven
from ..eight import nine
def f():
    from ten import eleven
"""
    assert set(imported(source, "p.q")) == {
        "one.two",
        "three.four",
        "p.q.five",
        "p.q.six.seven",
        "p.eight.nine",
        "ten.eleven",
    }
