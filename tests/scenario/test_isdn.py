"""Alerts over ISDN: a primary rate line between the hotline's Asterisk and the exchange, both in a guest.

Signalling is tested with all 30 channels, sound with a few: an emulated machine does not keep up with more.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from kept_secret import keeps_secrets
from test_alerts import SIX_TEAMS, out_calls, raise_alert, shown

from ivr.ports import Programs
from ivr.pstn import cdr, phones, rehearsal
from ivr.pstn.cast import POLICY, Cast
from ivr.pstn.isdn.install import IsdnMissing, find
from ivr.pstn.isdn.lab import Lab
from ivr.pstn.isdn.stage import IsdnStage
from ivr.pstn.stage import eventually

pytestmark = pytest.mark.scenario

SetStage = Callable[..., IsdnStage]


@pytest.fixture(scope="module")
def lab(asterisk: Programs, home: Path) -> Iterator[Lab]:
    try:
        machine = find()
    except IsdnMissing as missing:
        # Where every change is judged, a line that is not there must not look like one that works.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"left out: {missing}")
    with Lab(machine, asterisk, home) as lab:
        yield lab


@pytest.fixture
def set_stage(asterisk: Programs, home: Path, lab: Lab) -> Iterator[SetStage]:
    with ExitStack() as stages:

        def set_(text: str, *, lines: int, **more: object) -> IsdnStage:
            cast = Cast(phones.parse(text, "phones", home), lines, **more)  # type: ignore[arg-type]
            stage = stages.enter_context(IsdnStage(asterisk, cast, home, lab))
            stages.callback(keeps_secrets, stage)
            return stage

        yield set_


def test_the_rehearsal_holds_over_isdn(asterisk: Programs, home: Path, lab: Lab, tmp_path: Path) -> None:
    """A caller keys UID and PIN and speaks; phones are busy, unallocated, machines, and press keys."""
    declared = tmp_path / "phones.yaml"
    declared.write_text(SIX_TEAMS, encoding="utf-8")

    def staged(programs: Programs, cast: Cast, folder: Path) -> IsdnStage:
        return IsdnStage(programs, cast, folder, lab)

    judged = rehearsal.rehearse(asterisk, declared, None, home, lambda line: None, staged)
    assert [check for check in judged if not check.ok] == []
    named = {check.name for check in judged}
    assert {"nobody-there is named as missing", "full-network is named as missing"} <= named
    assert "machine-first heard who, when and the alert" in named


def ringing(teams: int) -> str:
    return "phones:\n" + "".join(
        f'  - {{number: "+49408080775{n:02}", team: team-{n:02}, calls: no-answer}}\n' for n in range(teams)
    )


def test_thirty_calls_at_once_and_the_next_one_waits(set_stage: SetStage, spoken_alert: Path) -> None:
    stage = set_stage(ringing(31), lines=30, policy={**POLICY, "ring_s": 20})
    number = raise_alert(stage, spoken_alert)
    eventually(lambda: len(out_calls(stage)) >= 31, 120, "no line was given to the 31st team")
    calls = out_calls(stage)
    assert cdr.peak(calls) == 30
    assert {call.cause for call in calls} <= {None, 19}, "the exchange refused a call"
    ours = [call for delivery in shown(stage, number)["deliveries"] for call in delivery["calls"]]
    assert {call["disposition"] for call in ours} <= {None, "no-answer"}, "a call found no line"
    stage.tocsin("alert", "withdraw", str(number))
    eventually(lambda: all(call.ended_at for call in out_calls(stage)), 60, "calls did not end")


def acknowledging(teams: int) -> str:
    return ringing(teams).replace("no-answer", "acknowledges-early")


def test_the_exchange_dies_in_the_middle_of_an_alert(set_stage: SetStage, spoken_alert: Path) -> None:
    """Nobody is lost, and nobody is called again but those whom the exchange hung up on."""
    stage = set_stage(acknowledging(8), lines=4)
    number = raise_alert(stage, spoken_alert)
    eventually(lambda: sum(bool(c.answered_at) for c in out_calls(stage)) >= 4, 120, "nobody answered")
    exchange = stage.exchange.process()
    exchange.kill()
    eventually(lambda: not is_up(stage), 60, "nobody has noticed that the line is dead")
    exchange.start()
    eventually(lambda: is_up(stage), 60, "nobody has noticed that the line works again")
    eventually(lambda: shown(stage, number)["state"] == "closed", 240, "the alert did not close")
    assert shown(stage, number)["outcome"] == "all-acknowledged"
    answered = [call for call in out_calls(stage) if call.answered_at]
    assert len(answered) <= 8 + 4, "more than the calls in flight were repeated"


def is_up(stage: IsdnStage) -> bool:
    """Whether the span works, in our own account."""
    ((span,),) = (trunk["spans"] for trunk in stage.ask("lines"))
    return bool(span["up"])
