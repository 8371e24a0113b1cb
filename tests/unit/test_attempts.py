"""Calls into attempts: what goes on over another trunk is one, what all trunks fail is one congestion."""

from collections import Counter
from dataclasses import replace

import pytest
from book import NOON
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain import attempts
from ivr.domain.attempts import Past
from ivr.domain.nextcall import CallAt, Phone, Spent, next_call
from ivr.domain.policy import Policy, Rule
from ivr.domain.records import Disposition

OFFICE, MOBILE = "+4940808077501", "+4917655500501"
LISTED = [Phone(OFFICE), Phone(MOBILE)]
POLICY = Policy(congestion=Rule(tries=2, pause_s=20), max_calls=4)
D = Disposition


def failed(trunk: str = "sip-a", at: float = 4, number: str = OFFICE, probe: bool = False) -> Past:
    return Past(number, D.CONGESTION, NOON + at, trunk, fault=True, probe=probe)


def busy(at: float, number: str = OFFICE, trunk: str = "sip-a") -> Past:
    return Past(number, D.BUSY, NOON + at, trunk)


def after(*past: Past, trunks: int = 2, until: float = NOON + 3600) -> CallAt | Spent:
    return next_call(POLICY, LISTED, past, NOON, max(p.ended_at for p in past), until, trunks)


class TestTheNextCall:
    def test_goes_over_the_next_trunk_at_once_and_before_the_other_number(self) -> None:
        assert after(failed()) == CallAt(OFFICE, NOON + 4, tried=("sip-a",), afresh_at=NOON + 24)

    def test_may_use_the_same_trunk_again_after_the_pause_of_an_attempt(self) -> None:
        again = after(failed(), failed(at=30))

        assert again == CallAt(OFFICE, NOON + 30, tried=("sip-a",), afresh_at=NOON + 3600)  # of two, the last

    def test_after_all_trunks_have_failed_congestion_rules_once(self) -> None:
        assert after(failed(), failed("sip-b", 8)) == CallAt(MOBILE, NOON + 8)
        late = after(failed(), failed("sip-b", 8), failed("sip-b", 9, MOBILE), failed("sip-a", 10, MOBILE))
        assert late == CallAt(OFFICE, NOON + 28)

    def test_with_one_trunk_is_that_after_a_congestion(self) -> None:
        fault, plain = failed(), replace(failed(), fault=False)

        assert after(fault, trunks=1) == after(plain, trunks=1) == CallAt(MOBILE, NOON + 4)

    def test_does_not_count_what_another_trunk_has_made_good(self) -> None:
        assert after(failed(), busy(9, trunk="sip-b")) == after(busy(9, trunk="sip-b"))

    @pytest.mark.parametrize("many", [49, 50], ids=["a trunk is not tried yet", "each was tried"])
    def test_a_failed_probe_spends_nothing_however_often(self, many: int) -> None:
        probes = [failed(("sip-a", "sip-b")[n % 2], n, probe=True) for n in range(many)]

        step = after(*probes)
        assert isinstance(step, CallAt)
        assert (step.number, step.due_at, step.afresh_at <= step.due_at) == (OFFICE, NOON + many - 1, True)

    def test_the_last_attempt_may_go_on_but_none_begins_after_it(self) -> None:
        three = [busy(n, number) for n, number in enumerate((OFFICE, MOBILE, OFFICE))]
        last = failed(at=20, number=MOBILE)

        step = after(*three, last)
        assert step == CallAt(MOBILE, NOON + 20, tried=("sip-a",), afresh_at=NOON + 3600)
        assert after(*three, last, failed("sip-b", 24, MOBILE)) == Spent("not reached in 4 calls")


@pytest.mark.parametrize(
    ("trunk", "expected"), [("sip-a", False), ("sip-b", True)], ids=["tried before", "not tried"]
)
def test_which_call_belongs_to_the_attempt_under_way(trunk: str, expected: bool) -> None:
    assert attempts.goes_on([failed()], OFFICE, trunk, 2) is expected
    assert not attempts.goes_on([failed()], MOBILE, trunk, 2)
    assert not attempts.goes_on([failed(), busy(9)], OFFICE, trunk, 2)
    assert not attempts.goes_on([], OFFICE, trunk, 2)


@st.composite
def a_past(draw: st.DrawFn) -> list[Past]:
    how = st.sampled_from([D.BUSY, D.NO_ANSWER, D.CONGESTION, D.CANCELLED, D.UNHEARD])
    calls = draw(
        st.lists(
            st.builds(
                Past,
                st.sampled_from([OFFICE, MOBILE]),
                how,
                st.just(NOON),
                st.sampled_from(["sip-a", "sip-b", "gone"]),
                st.booleans(),
                st.booleans(),
            ),
            max_size=12,
        )
    )
    return [
        replace(call, ended_at=NOON + n, fault=call.fault and call.disposition is D.CONGESTION)
        for n, call in enumerate(calls)
    ]


@given(a_past(), st.integers(1, 3))
def test_every_call_is_counted_once_or_stands_behind_one_that_is(past: list[Past], trunks: int) -> None:
    found = attempts.of(past, trunks)

    real = [p for p in past if p.disposition is not D.CANCELLED]
    assert [p for p in found.counted if p.disposition is not D.CONGESTION] == [
        p for p in real if not p.fault and p.disposition is not D.CONGESTION
    ]
    assert len(found.counted) + found.uncounted == len(real)
    for tried in found.under_way.values():
        assert len({p.trunk for p in tried}) == len(tried) < trunks
    if trunks == 1:
        assert found.uncounted == sum(p.fault and p.probe for p in real)


@given(a_past(), st.integers(1, 3))
def test_where_no_trunk_fails_every_call_is_an_attempt(past: list[Past], trunks: int) -> None:
    past = [replace(p, fault=False) for p in past]

    assert attempts.of(past, trunks).counted == [p for p in past if p.disposition is not D.CANCELLED]


@given(st.lists(st.sampled_from(["sip-a", "sip-b"]), max_size=60), st.data())
def test_a_number_that_fails_everywhere_is_called_a_bounded_number_of_times(
    order: list[str], data: st.DataObject
) -> None:
    """Whoever calls as the policy says, at once over what was not tried, later over any."""
    past: list[Past] = []
    now = NOON
    for wished in order:
        step = next_call(POLICY, LISTED, past, NOON, now, NOON + 3600, 2)
        if isinstance(step, Spent):
            break
        now = max(now, step.due_at)
        trunk = wished
        if trunk in step.tried and now < step.afresh_at:
            if data.draw(st.booleans()):
                trunk = "sip-b" if wished == "sip-a" else "sip-a"
            else:
                now = step.afresh_at
        if now >= NOON + 3600:
            break
        past.append(Past(step.number, D.CONGESTION, now + 1, trunk, fault=True))
        now += 1
    counted = Counter(p.number for p in attempts.of(past, 2).counted)
    assert all(times <= 2 for times in counted.values())
    assert len(past) <= 2 * POLICY.max_calls
