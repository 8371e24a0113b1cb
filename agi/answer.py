"""One alert as a callee hears and answers it.

Owns: that every key works while the alert is played and after it, and that nothing but a 1 acknowledges.
"""

from agi import choices, listen
from agi.callee import Callee
from agi.menu import Menu, ask
from ivr.adapters.fastagi import HungUp, Played
from ivr.domain import spoken
from ivr.domain.facts import Acknowledged, AlertHeard
from ivr.domain.records import Alert, Via
from ivr.domain.spoken import prompt

_HELP = (prompt("answer-help"),)
_QUESTION = Menu((prompt("press-1-to-acknowledge-2-again"),), "123789", _HELP)
_PLAYING = "128*#" + choices.KEYS
_BACK_S = 5.0
_KEYS = 60
"""So many keys may be pressed about one alert: whoever needs more plays with them."""


def answer(callee: Callee, alert: Alert) -> bool:
    """Play `alert` and do what is pressed. False when the callee wants no more of this call."""
    at_s: float | None = 0.0
    plays, key = 1, ""
    for _ in range(_KEYS):
        if not key and at_s is not None:
            played = _hear(callee, alert, at_s)
            if played.how == "missing":
                break
            key, at_s = played.key, None if played.how == "end" else played.at_s
        key = key or ask(callee.channel, _QUESTION) or "#"
        match key:
            case "1" if at_s is not None and at_s < listen.DOUBLE_PRESS_S:
                key = ""  # also in a help that somebody asked for so soon: they have heard nothing of it
            case "1":
                _acknowledge(callee, alert)
                return True
            case "2" if plays < listen.PLAYS:
                plays, at_s, key = plays + 1, 0.0, ""
            case "*":
                at_s, key = max(0.0, (alert.duration_s if at_s is None else at_s) - _BACK_S), ""
            case "2" | "#":
                break
            case "8":
                key = callee.channel.play(_number_for_questions(alert), _PLAYING)
            case _ if key in choices.KEYS:
                taken = choices.take(callee, key, _HELP)
                if taken is None:
                    return False
                key = taken
            case _:
                key = callee.channel.play([prompt("wrong-key")], _PLAYING)
    callee.channel.play([prompt("not-acknowledged")])
    return True


def _hear(callee: Callee, alert: Alert, start_s: float) -> Played:
    played = listen.hear(callee.channel, callee.desk, alert, _PLAYING, start_s)
    callee.hand(AlertHeard(callee.channel.call_id, alert.id, played.at_s, played.how == "end"))
    if played.how == "hangup":
        raise HungUp
    return played


def _number_for_questions(alert: Alert) -> list[str]:
    if alert.callback is None:
        return [prompt("questions-nowhere")]
    return [prompt("questions-at"), *spoken.spelled(alert.callback)]


def _acknowledge(callee: Callee, alert: Alert) -> None:
    team, number = callee.brief.team.id, callee.brief.number
    fact = Acknowledged(alert.id, team, Via.KEYPRESS, number, callee.channel.call_id)
    listen.acknowledge(callee.channel, callee.clerk, callee.desk, fact)
