"""A caller on a real line while the store takes nothing: ticks, words, and the menu once it does again.

And what the other stories of real calls go by when they look for silence in a recording.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import wav
from hush import SILENCE_S, Act, unaccounted
from kept_secret import written_down
from test_alerts import ACKNOWLEDGES, one_team

from bench.sip_caller import SipCaller
from bench.telephone import Telephone
from ivr.pstn import witness
from ivr.pstn.cast import HOTLINE, PIN, UID
from ivr.pstn.cdr import Record
from ivr.pstn.stage import Stage
from ivr.pstn.witness import Audio

pytestmark = pytest.mark.scenario

WITHIN_S = 15.0


def longest_silence_s(telephone: Telephone) -> float:
    return max(end - start for start, end in pairwise([0.0, *telephone.sounds()]))


def test_a_login_waits_for_the_store_in_no_silence(set_stage: Callable[..., Stage]) -> None:
    stage = set_stage(one_team(ACKNOWLEDGES))

    def prompt(name: str) -> Audio:
        return witness.load(stage.settings.sounds / "en" / f"{name}.wav")[0]

    with (
        SipCaller(stage.settings.pbx.sip_port) as caller,
        Telephone() as telephone,
        closing(sqlite3.connect(stage.state / "tocsin.db", isolation_level=None)) as somebody,
    ):
        dialog = caller.call(HOTLINE, b"<sip:1@127.0.0.1>", telephone.port)
        telephone.connect(dialog.sdp)
        telephone.hear(prompt("greeting"), WITHIN_S)
        assert longest_silence_s(telephone) <= SILENCE_S
        telephone.press(f"{UID}#")
        telephone.hear(prompt("enter-pin"), WITHIN_S)
        assert longest_silence_s(telephone) <= SILENCE_S

        somebody.execute("BEGIN IMMEDIATE")  # as on a disk that takes its time over a commit
        pressed_at = telephone.press(f"{PIN}#")
        _, words_at = telephone.hear(prompt("one-moment"), WITHIN_S)
        assert telephone.sounds()[0] < words_at - pressed_at, "ticks come before words"
        somebody.execute("ROLLBACK")
        telephone.hear(prompt("main-menu"), WITHIN_S)
        assert longest_silence_s(telephone) <= SILENCE_S
        dialog.hang_up()
    assert not written_down({PIN}, stage)  # this telephone is our own: the exchange has no record of its keys


def test_a_silence_is_a_defect_where_nobody_acts(tmp_path: Path) -> None:
    lasts = [1.0, -1.4, 1.0, -3.3, 1.0, -2.0, 1.0, -8.0, 1.0]
    recording = wav.write(
        tmp_path / "heard.wav", *(np.full(int(abs(s) * 8000), max(0.0, s) / 10) for s in lasts)
    )
    pressed_at = (104.0, 107.8, 117.0)
    record = Record("1", "2", "to-hotline", 99.0, 100.0, 119.7, 16, pressed_at=pressed_at)
    acts = [Act(7), Act(1), Act(1, spoken_s=5.5)]
    assert unaccounted(recording, record, acts) == [pytest.approx((8.0, 9.7), abs=0.05)]
    assert len(unaccounted(recording, record, acts[:2])) == 2, "nobody speaks in the last one"
