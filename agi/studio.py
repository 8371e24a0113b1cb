"""Recording a spoken text: the code of an operator's shell, the text, a take, its review.

Owns: that nothing is kept that its speaker has not heard and confirmed by key. Whether the take can be used
is for the shell that waits for it to say.
"""

from pathlib import Path

from agi.caller import Caller
from agi.menu import Menu
from ivr.adapters.fastagi import ALL_KEYS, HungUp
from ivr.domain.spoken import prompt
from ivr.services.studio import Order

_CODES = 3
_TAKES = 8
_LONGEST_S = 60
_DIGITS = 10
_DIGIT_S = 5
_REVIEW = Menu((prompt("studio-review"),), "123")


def record_text(caller: Caller) -> None:
    """Lead a caller through the recording of the text that an operator has given a code for."""
    order = _order(caller)
    if order is None:
        return
    for _ in range(_TAKES if caller.desk.may_record() else 0):
        caller.channel.play(_what(order), ALL_KEYS)
        caller.channel.play([prompt("studio-speak")], ALL_KEYS)
        with caller.desk.overhearing() as path:
            choice = take(caller, path, _LONGEST_S)
            if choice == "1":
                _deliver(caller, order, path)
                return
        if choice != "3":
            break
    caller.channel.play([prompt("studio-nothing-kept")], ALL_KEYS)


def _order(caller: Caller) -> Order | None:
    lead: list[str] = []
    for _ in range(_CODES):
        code = caller.channel.collect([*lead, prompt("studio-code")], _DIGITS, _DIGIT_S)
        if not code:
            return None
        order = caller.desk.studio.find(code)
        if order is not None:
            return order
        lead = [prompt("studio-wrong-code")]
    caller.channel.play(lead, ALL_KEYS)
    return None


def _what(order: Order) -> list[str]:
    """The text as it is spoken now; the name of a team may not be spoken yet."""
    is_there = Path(f"{order.sound}.wav").is_file()
    return [prompt("studio-text"), order.sound] if is_there else []


def take(caller: Caller, path: Path, longest_s: float) -> str:
    """Record once and review it: 1 keep, 3 once more, else leave."""
    recorded = caller.channel.record(path, longest_s)
    if recorded.how == "hangup":
        raise HungUp
    if recorded.how == "failed":
        return "*"
    if not _is_audible(caller, path):
        return "3"
    choice = "2"
    while choice == "2":
        choice = caller.channel.play([str(path)], _REVIEW.keys + "*") or caller.ask(_REVIEW)
    return choice


def _is_audible(caller: Caller, path: Path) -> bool:
    """Say what is wrong with it. A short one is well: some texts are a single word."""
    match caller.desk.inspect(path).problem:
        case "silent":
            caller.channel.play([prompt("recording-silent")], ALL_KEYS)
        case "empty":
            caller.channel.play([prompt("recording-empty")], ALL_KEYS)
        case _:
            return True
    return False


def _deliver(caller: Caller, order: Order, path: Path) -> None:
    delivered = caller.desk.studio.deliver(order, path.with_suffix(".wav"))
    caller.channel.play([prompt("studio-delivered") if delivered else prompt("studio-nothing-kept")])
