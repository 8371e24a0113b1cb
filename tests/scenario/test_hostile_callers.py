"""Callers whose number and name are code: for the dialplan, the shell, SQL, AGI, a terminal or a log."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from test_alerts import ACKNOWLEDGES, one_team

from bench.sip_caller import Refused, SipCaller
from ivr.pstn.stage import HOTLINE, Stage, eventually

pytestmark = pytest.mark.scenario

MARK = "0wned"
"""Stands in every name and number, and must stand nowhere afterwards."""


def hostile(witness: Path) -> list[bytes]:
    """From headers; some touch the file `witness` if anybody evaluates them, some are lines of AGI."""
    shell = f"${{SHELL(touch {witness})}}"
    return [
        f'"{shell}{MARK}" <sip:+4940123@127.0.0.1>'.encode(),
        f'"$[1 + 1]${{EVAL({shell})}}" <sip:%24%7BSHELL(touch%20{witness})%7D{MARK}@127.0.0.1>'.encode(),
        f'"{MARK}\\"; DROP TABLE alert; --" <sip:{MARK}%27%20OR%201=1@127.0.0.1>'.encode(),
        f'"{MARK}\\\\" <sip:{MARK}%0d%0aHANGUP%0d%0a200%20result=1@127.0.0.1>'.encode(),
        f'"{MARK}" <sip:1%0aagi_uniqueid:%20{MARK}%0aagi_network_script:%20callout@127.0.0.1>'.encode(),
        f'"{MARK}" <sip:1%0a%0a200%20result=49%0a200%20result=49%0a@127.0.0.1>'.encode(),
        f'"{MARK}" <sip:{MARK}&touch%20{witness}@127.0.0.1>'.encode(),
        b'"' + MARK.encode() + b'\x1b[2J\x07 \xff\xfe 2026-11-22 ERROR forged" <sip:%00%1b@127.0.0.1>',
        f'"{MARK * 400}" <sip:{MARK * 40}@127.0.0.1>'.encode(),
    ]


def live(stage: Stage) -> list[object]:
    calls: list[object] = stage.ask("call", "list", "--live")
    return calls


def test_who_a_caller_says_they_are_is_never_evaluated_nor_kept(
    set_stage: Callable[..., Stage], tmp_path: Path
) -> None:
    stage = set_stage(one_team(ACKNOWLEDGES))
    witness = tmp_path / "evaluated"
    calls = [(HOTLINE, sender) for sender in hostile(witness)]
    calls += [(f"49%0aagi_uniqueid:%20{MARK}", b"<sip:1@127.0.0.1>"), ("49%0a%0a200", b"<sip:1@127.0.0.1>")]
    taken = 0
    with SipCaller(stage.settings.pbx.sip_port) as caller:
        for n, (number, sender) in enumerate(calls):
            try:
                dialog = caller.call(number, sender)
            except (Refused, TimeoutError):
                continue  # no SIP that Asterisk understands: it may be refused, or thrown away
            taken += 1
            eventually(lambda: bool(live(stage)), 15, f"caller {n} does not reach the script")
            dialog.hang_up()
            eventually(lambda: not live(stage), 15, f"the call of caller {n} did not end")

    assert taken >= 5
    assert len(stage.ask("call", "list")) == taken
    assert not witness.exists()
    assert "failed" not in (stage.home / "serve.log").read_text(), "a script stumbled over what a caller sent"
    with closing(sqlite3.connect(stage.state / "tocsin.db")) as store:
        kept = "\n".join(store.iterdump())
    logs = [
        path.read_text(errors="replace") for path in (stage.home / "serve.log", *stage.state.rglob("*.log"))
    ]
    for text in (kept, *logs):
        assert MARK not in text
        assert "forged" not in text
