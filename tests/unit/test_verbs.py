"""Every verb that scripts may rely on is there, and every verb that is there is documented."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from ivr.cli import parser

PROMISED = {
    "": "init serve doctor lines sms mail iodef",
    "pbx": "install render start stop status",
    "pstn": "start stop heard cdr",
    "team": "list show add import export enrol pin unlock suspend remove",
    "alert": "list show raise release withdraw close watch audio",
    "delivery": "list retry skip",
    "call": "list",
}


def verbs(of: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield (*words, name)
                yield from verbs(inner, (*words, name))


def test_the_verbs_that_were_promised_are_there() -> None:
    there = set(verbs(parser()))
    promised = {(*group.split(), name) for group, names in PROMISED.items() for name in names.split()}
    assert promised <= there


def test_every_verb_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    assert [" ".join(words) for words in verbs(parser()) if " ".join(words) not in text] == []
