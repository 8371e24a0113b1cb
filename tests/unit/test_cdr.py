"""The records that are made of the exchange's events."""

from pathlib import Path

from ivr.pstn import cdr
from ivr.pstn.cdr import Record

EVENTS = '''\
"CHAN_START","1795326337.436187","1.0","+49301","+49302","","",""
"CHAN_START","1795326338.000000","1.1","+49301","+49303","","",""
"over-limit","1795326338.100000","1.1","+49301","s","","over-limit",""
"HANGUP","1795326338.200000","1.1","+49301","s","","","{""hangupcause"":34,""dialstatus"":""""}"
"recording","1795326339.000000","1.0","+49301","s","","recording","{""extra"":""49302-1.wav""}"
"ANSWER","1795326339.436187","1.0","+49301","s","","",""
"pressed","1795326339.900000","1.0","+49301","s","","pressed","{""extra"":""1""}"
"CHAN_START","1795326340.000000","1.2","+49304","s","","",""
"ANSWER","1795326341.000000","1.2","+49304","s","+49304>+49301","",""
"HANGUP","1795326342.500000","1.0","+49301","s","","","{""hangupcause"":16}"
"CHAN_START","1795326350.000000","1.3","+49301","+49302","","",""
"HANGUP","1795326356.000000","1.3","+49301","s","","","{""hangupcause"":127}"
"HANGUP","1795326357.000000","1.2","+49304","s","","","{""hang'''


def test_records(tmp_path: Path) -> None:
    log = tmp_path / "events.csv"
    log.write_text(EVENTS)
    answered, refused, outgoing, given_up = cdr.read(log)
    assert answered == Record(
        "+49302",
        "+49301",
        "to-phone",
        started_at=1795326337.436187,
        answered_at=1795326339.436187,
        ended_at=1795326342.5,
        cause=16,
        recording="49302-1.wav",
        pressed_at=(1795326339.9,),
    )
    assert (refused.cause, refused.over_limit, refused.answered_at) == (34, True, None)
    assert (outgoing.number, outgoing.caller, outgoing.phone) == ("+49301", "+49304", "+49304")
    assert (outgoing.direction, outgoing.ended_at, outgoing.cause) == ("to-hotline", None, None)
    assert (given_up.cause, given_up.answered_at) == (19, None)


def test_a_number_that_came_as_a_carrier_writes_it(tmp_path: Path) -> None:
    log = tmp_path / "events.csv"
    log.write_text(
        '"CHAN_START","1795326337.436187","1.0","+49301","03023","","",""\n'
        '"called","1795326337.436188","1.0","+49301","+493023","","called","{""extra"":""+493023""}"\n'
    )
    assert [record.number for record in cdr.read(log)] == ["+493023"]


def test_no_log_no_records(tmp_path: Path) -> None:
    assert cdr.read(tmp_path / "events.csv") == ()


def test_a_record_as_json() -> None:
    record = Record("+49302", "+49301", "to-phone", 1795326337.4361, ended_at=1795326342.5, cause=17)
    assert cdr.as_json(record) == {
        "number": "+49302",
        "caller": "+49301",
        "direction": "to-phone",
        "started_at": "2026-11-22T05:45:37.436Z",
        "answered_at": None,
        "ended_at": "2026-11-22T05:45:42.500Z",
        "cause": 17,
        "over_limit": False,
        "recording": None,
        "pressed_at": [],
    }


def call(start: float, end: float | None) -> Record:
    return Record("+49302", "+49301", "to-phone", start, ended_at=end)


def test_the_peak_of_simultaneous_calls() -> None:
    assert cdr.peak([]) == 0
    assert cdr.peak([call(0, 10), call(2, 5), call(4, 8), call(9, 20)]) == 3
    assert cdr.peak([call(0, None), call(100, None)]) == 2
    # A refused call is short, and counts all the same.
    assert cdr.peak([call(0, 10), call(5, 5.01)]) == 2


def test_a_line_used_again_as_its_call_ends_is_one_line() -> None:
    assert cdr.peak([call(0, 10), call(9.9, 20)]) == 1
    assert cdr.peak([call(0, 10), call(9.0, 20)]) == 2
