"""Callers whose number and name are code: for the dialplan, the shell, SQL, AGI, a terminal or a log."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from ami_listener import hears_everything
from test_alerts import ACKNOWLEDGES, one_team

from bench.sip_caller import SipCaller
from ivr import bootstrap
from ivr.domain.records import Call, CallState
from ivr.pstn.cast import HOTLINE
from ivr.pstn.stage import Stage, eventually

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
        f'"{MARK}" <sip:1%0aagi_uniqueid%3a%20{MARK}%0aagi_network_script%3a%20callout@127.0.0.1>'.encode(),
        f'"{MARK}" <sip:1%0a%0a200%20result=49%0a200%20result=49%0a@127.0.0.1>'.encode(),
        f'"{MARK}" <sip:{MARK}&touch%20{witness}@127.0.0.1>'.encode(),
        b'"' + MARK.encode() + b'\x1b[2J\x07 \xff\xfe 2026-11-22 ERROR forged" <sip:%00%1b@127.0.0.1>',
        f'"{MARK * 400}" <sip:{MARK * 40}@127.0.0.1>'.encode(),
    ]


NO_SIP = f'"{MARK}" <sip:1%0aagi_uniqueid:%20{MARK}%0aagi_channel:%20{MARK}@127.0.0.1>'.encode()
"""One colon may stand before the host (RFC 3261, 25.1), and not two: it is thrown away without an answer."""


def test_who_a_caller_says_they_are_is_never_evaluated_nor_kept(
    set_stage: Callable[..., Stage], tmp_path: Path
) -> None:
    """Each of them is answered like anybody else, and leaves nothing behind but that somebody has called."""
    stage = set_stage(one_team(ACKNOWLEDGES))
    evaluated = tmp_path / "evaluated"
    calls = [(HOTLINE, sender) for sender in hostile(evaluated)]
    calls += [(f"49%0aagi_uniqueid:%20{MARK}", b"<sip:1@127.0.0.1>"), ("49%0a%0a200", b"<sip:1@127.0.0.1>")]
    messages = stage.state / "asterisk" / "log" / "messages"
    store = bootstrap.open_store(stage.settings)

    def on_record() -> list[Call]:
        with store.read() as tx:
            return tx.find(Call)

    with (
        closing(store),
        hears_everything(stage) as everything,
        SipCaller(stage.settings.pbx.sip_port) as caller,
    ):
        caller.send(HOTLINE, NO_SIP)
        eventually(
            lambda: "syntax error" in messages.read_text(errors="replace"), 15, "it is not thrown away"
        )
        for n, (number, sender) in enumerate(calls, 1):
            dialog = caller.call(number, sender)
            eventually(lambda: len(on_record()) == n, 15, f"{sender!r} to {number} does not reach the script")  # noqa: B023
            dialog.hang_up()
        eventually(lambda: all(c.state is CallState.ENDED for c in on_record()), 30, "a call did not end")

    assert not evaluated.exists()
    assert stage.exchange.records() == (), "somebody was called"
    assert "failed" not in (stage.home / "serve.log").read_text(), "a script stumbled over what a caller sent"
    with closing(sqlite3.connect(stage.state / "tocsin.db")) as database:
        kept = "\n".join(database.iterdump())
    written = [p.read_text(errors="replace") for p in (stage.home / "serve.log", *messages.parent.iterdir())]
    for text in (kept, everything.told, *written):
        assert MARK not in text
        assert "forged" not in text
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text), "something for a terminal"
