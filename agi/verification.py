"""The word by which a team knows that a call is ours: the next one of its access letter.

Owns: that a call never waits long for it, and that a team which was given words hears it when there is none.
"""

from agi.callee import Callee
from ivr.domain import spoken
from ivr.domain.facts import WordWanted
from ivr.domain.spoken import prompt

_WITHIN_S = 0.4
"""The line is silent meanwhile, and it may have been for a second already."""


def word(callee: Callee) -> list[str]:
    """What is said, the same for all of a call; nothing to a team that was never given words."""
    brief, ledger = callee.brief, callee.desk.ledger
    if not brief.has_words:
        return []
    wanted = WordWanted(callee.channel.call_id, brief.team.id)
    taken = callee.clerk.result(lambda: ledger.apply(wanted).word, _WITHIN_S)
    if taken is None:
        return [prompt("no-verification-word")]
    return [prompt("verification-word"), *spoken.count(taken.n), spoken.verification(taken.word)]
