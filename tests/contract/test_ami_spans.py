"""Spans over AMI: their lines leave with them and come back, and a call is known by its channel."""

from collections.abc import Iterator
from functools import partial

import pytest
from dialling import eventually
from isdn_peer import IsdnPeer, come, heard

from ivr.adapters.ami.spans import Spans
from ivr.config.isdn import Isdn, Span
from ivr.domain.facts import ChannelTaken, SpanSeen, TrunkReported

UP, DOWN, ALARM = ("No", "Yes"), ("No", "No"), ("Yes", "No")
PRIMARY = Isdn((Span("e1", 1), Span("e1", 2, first=32, channels="1-10")), "isdn-a")
BASIC = Isdn((Span("bri", 3, first=63),), "isdn-b")
WORKS = TrunkReported("isdn-a", 40, "all spans up", (SpanSeen(1, True, "up"), SpanSeen(2, True, "up")))


def lost(why: str, lines: int = 30) -> TrunkReported:
    """The second span of PRIMARY is."""
    return TrunkReported("isdn-a", lines, why, (SpanSeen(1, True, "up"), SpanSeen(2, False, why)))


class Hasty(Spans):
    """Looks more often, or each test would take seconds."""

    every_s = 0.05


class Patient(Spans):
    """Looks once, so that all else must have been told by an event."""

    every_s = 3600.0


@pytest.fixture
def peer() -> Iterator[IsdnPeer]:
    peer = IsdnPeer()
    peer.spans = {1: UP, 2: UP, 3: UP}
    yield peer
    peer.stop()


def test_all_is_told_once_at_the_beginning_and_then_what_changes(peer: IsdnPeer) -> None:
    with heard(peer, partial(Hasty, [PRIMARY, BASIC])) as facts:
        come(facts, WORKS, TrunkReported("isdn-b", 2, "all spans up", (SpanSeen(3, True, "up"),)))

        peer.spans[2] = DOWN
        eventually(lambda: len(facts) == 3, "the dead D channel")
        peer.spans[2] = UP
        eventually(lambda: len(facts) == 4, "its return")
        assert facts[2:] == [lost("D-channel of span 2 down"), WORKS]


def test_an_alarm_of_a_card_is_believed_before_the_next_look(peer: IsdnPeer) -> None:
    with heard(peer, partial(Patient, [PRIMARY])) as facts:
        come(facts, WORKS)
        peer.tell({"Event": "SpanAlarm", "Span": "2", "Alarm": "Red Alarm"})
        eventually(lambda: len(facts) == 2, "the alarm")
        assert facts[1] == lost("span 2 in alarm")


def test_of_others_spans_nothing_is_told(peer: IsdnPeer) -> None:
    with heard(peer, partial(Hasty, [PRIMARY])) as facts:
        come(facts, WORKS)
        peer.spans[3] = ALARM
        peer.tell({"Event": "SpanAlarm", "Span": "3", "Alarm": "Red Alarm"})
        peer.spans[2] = DOWN
        eventually(lambda: len(facts) > 1, "the second look")
        assert facts[1:] == [lost("D-channel of span 2 down")]


def test_where_every_span_is_away_no_line_is_left(peer: IsdnPeer) -> None:
    peer.spans = {1: ALARM, 2: DOWN}
    with heard(peer, partial(Spans, [PRIMARY])) as facts:
        eventually(lambda: bool(facts), "the first look")
        assert isinstance(facts[0], TrunkReported)
        assert (facts[0].lines, facts[0].why) == (0, "span 1 in alarm, and 1 more")


@pytest.mark.parametrize("has_isdn", [True, False], ids=["no span", "no chan_dahdi"])
def test_an_asterisk_that_does_not_know_the_spans_has_none(peer: IsdnPeer, has_isdn: bool) -> None:
    peer.spans, peer.has_isdn = {}, has_isdn
    with heard(peer, partial(Spans, [BASIC])) as facts:
        why = "span 3 not known to Asterisk"
        come(facts, TrunkReported("isdn-b", 0, why, (SpanSeen(3, False, why),)))


def test_one_of_several_d_channels_is_enough(peer: IsdnPeer) -> None:
    peer.spans[3], peer.standby[3] = DOWN, UP
    with heard(peer, partial(Spans, [BASIC])) as facts:
        come(facts, TrunkReported("isdn-b", 2, "all spans up", (SpanSeen(3, True, "up"),)))


def test_a_line_that_sleeps_counts_as_up(peer: IsdnPeer) -> None:
    peer.spans = {1: ALARM}
    sleeper = Isdn((Span("bri-ptmp", 1, sleeps=True),), "isdn-c")
    other = Isdn((Span("bri-ptmp", 2, first=4),), "isdn-d", group=2)
    peer.spans[2] = UP
    with heard(peer, partial(Patient, [sleeper, other])) as facts:
        eventually(lambda: len(facts) == 2, "both")
        assert facts[0] == TrunkReported("isdn-c", 2, "all spans up", (SpanSeen(1, True, "up"),))
        peer.tell({"Event": "SpanAlarm", "Span": "1", "Alarm": "Red Alarm"})
        peer.tell({"Event": "SpanAlarm", "Span": "2", "Alarm": "Red Alarm"})
        eventually(lambda: len(facts) == 3, "the other one's alarm")
        assert isinstance(facts[2], TrunkReported) and facts[2].trunk == "isdn-d"


def test_a_new_connection_tells_it_all_again(peer: IsdnPeer) -> None:
    with heard(peer, partial(Hasty, [PRIMARY])) as facts:
        come(facts, WORKS)
        peer.stop()
        peer.start()
        eventually(lambda: len(facts) == 2, "the second report")
        assert facts[1] == WORKS


def test_a_call_is_on_a_channel_until_it_is_on_another(peer: IsdnPeer) -> None:
    peer.channels = {1: "", 31: "tocsin-a", 32: "", 99: "stranger"}
    with heard(peer, partial(Hasty, [PRIMARY])) as facts:
        eventually(lambda: len(facts) == 3, "twice: it may have been told before the call was on record")
        assert facts == [WORKS, *2 * [ChannelTaken("tocsin-a", "1/31")]]

        peer.channels = {31: "", 41: "tocsin-a"}
        eventually(lambda: len(facts) == 5, "the move")
        assert facts[3:] == 2 * [ChannelTaken("tocsin-a", "2/10")]
