"""How far a call got, over AMI: what DialState said of it is told with its end."""

import time
from collections.abc import Iterator

import pytest
from isdn_peer import IsdnPeer, come, heard

from ivr.domain.facts import CallAnswered, CallEnded, CallRang
from ivr.domain.records import Reached

CALL = "tocsin-0000000000000001"
BEGIN = {"Event": "Newchannel", "Uniqueid": CALL, "Channel": "DAHDI/i1/+4940808077555-1"}


def state(status: str) -> dict[str, str]:
    return {"Event": "DialState", "DestUniqueid": CALL, "DialStatus": status}


def end(cause: int, channel_state: int = 1) -> dict[str, str]:
    return {"Event": "Hangup", "Uniqueid": CALL, "ChannelState": str(channel_state), "Cause": str(cause)}


def happens(peer: IsdnPeer, *events: dict[str, str]) -> None:
    for event in events:
        peer.tell(event)


@pytest.fixture
def peer() -> Iterator[IsdnPeer]:
    peer = IsdnPeer()
    yield peer
    peer.stop()


@pytest.mark.parametrize(
    ("said", "reached"),
    [
        ([], Reached.NOWHERE),
        (["PROCEEDING"], Reached.TAKEN),
        (["PROCEEDING", "PROGRESS"], Reached.THROUGH),
        (["PROCEEDING", "RINGING"], Reached.RANG),
        (["RINGING", "PROGRESS"], Reached.RANG),
        (["FORWARD"], Reached.NOWHERE),
    ],
)
def test_the_end_tells_how_far_it_got(peer: IsdnPeer, said: list[str], reached: Reached) -> None:
    with heard(peer) as facts:
        happens(peer, BEGIN, *map(state, said), end(34))
        come(facts, CallEnded(CALL, 34, reached))


def test_of_a_call_begun_before_we_were_there_it_is_not_known(peer: IsdnPeer) -> None:
    with heard(peer) as facts:
        happens(peer, state("PROCEEDING"), end(34))
        come(facts, CallEnded(CALL, 34, None))


@pytest.mark.parametrize(("channel_state", "reached"), [(5, Reached.RANG), (6, Reached.RANG), (3, None)])
def test_but_the_channel_itself_knows_that_it_rang(
    peer: IsdnPeer, channel_state: int, reached: Reached | None
) -> None:
    with heard(peer) as facts:
        peer.tell(end(16, channel_state))
        come(facts, CallEnded(CALL, 16, reached))


def test_one_call_says_nothing_of_the_next_with_its_id(peer: IsdnPeer) -> None:
    with heard(peer) as facts:
        happens(peer, BEGIN, state("RINGING"), end(17), end(34))
        come(facts, CallEnded(CALL, 17, Reached.RANG), CallEnded(CALL, 34, None))


def test_ringing_and_the_answer_are_told_as_they_come(peer: IsdnPeer) -> None:
    with heard(peer) as facts:
        happens(peer, *({"Event": "Newstate", "Uniqueid": CALL, "ChannelState": s} for s in ("3", "5", "6")))
        come(facts, CallRang(CALL), CallAnswered(CALL))


class Refusing(IsdnPeer):
    """Takes each Originate, and answers after it is asked to that it came to nothing."""

    def refuse(self, *before: dict[str, str]) -> None:
        asked = self.expect("Originate")
        happens(self, *before)
        self.tell(
            {
                **{"Event": "OriginateResponse", "ActionID": asked["ActionID"], "Response": "Failure"},
                **{"Channel": asked["Channel"], "Reason": "8", "Uniqueid": asked["ChannelId"]},
            }
        )


@pytest.fixture
def refusing() -> Iterator[Refusing]:
    peer = Refusing()
    yield peer
    peer.stop()


def test_a_call_for_which_there_was_no_channel_is_over(refusing: Refusing) -> None:
    """All channels of the group taken: nothing but Asterisk's answer tells of it, and it names the call."""
    with heard(refusing, places=[CALL]) as facts:
        refusing.refuse()
        come(facts, CallEnded(CALL, 0, Reached.NOWHERE))


def test_where_there_was_one_its_end_tells_the_cause_also_after_the_answer(refusing: Refusing) -> None:
    with heard(refusing, places=[CALL]) as facts:
        refusing.refuse()
        happens(refusing, BEGIN, state("PROCEEDING"), end(17))
        come(facts, CallEnded(CALL, 17, Reached.TAKEN))
        time.sleep(1.0)  # by then it would have been told once more
        come(facts, CallEnded(CALL, 17, Reached.TAKEN))


def test_and_before_the_answer(refusing: Refusing) -> None:
    with heard(refusing, places=[CALL]) as facts:
        refusing.refuse(BEGIN, end(34))
        time.sleep(1.0)
        come(facts, CallEnded(CALL, 34, Reached.NOWHERE))
