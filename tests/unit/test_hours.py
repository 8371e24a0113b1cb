"""Calling hours: how they are written, what is open when, and what a clock change does to them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain.hours import Hours, office_hours, week, zone
from ivr.domain.records import CallingHours

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
NIGHT = "Mon-Sun 02:30-05:00"


def at(text: str, place: str = BERLIN, fold: int = 0) -> float:
    """The moment at which clocks in `place` show `text`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(place), fold=fold).timestamp()


def hours(when: CallingHours, office: str = "Mon-Fri 09:00-17:00", place: str = BERLIN) -> Hours:
    return Hours(when, office, place)


OFFICE, OUT = hours(CallingHours.OFFICE), hours(CallingHours.OUT)


class TestWriting:
    def test_several_spans_and_days(self) -> None:
        days = week("Mon-Thu 13:00-17:00, Mon-Fri 08:00-12:30, Sun 00:00-24:00")

        assert days[0] == days[3] == ((480, 750), (780, 1020))
        assert days[4] == ((480, 750),)
        assert days[5] == ()
        assert days[6] == ((0, 1440),)

    @pytest.mark.parametrize(
        "wrong",
        ["", "always", "Mon-Fri", "Mo-Fr 09:00-17:00", "Mon-Fri 9-17", "Mon-Fri 09:00-17:00,",
         "Mon 25:00-26:00", "Fri-Mon 09:00-17:00", "Mon 17:00-09:00", "Mon 09:00-09:00",
         "Mon 09:00-24:01", "Mon 09:60-10:00",
         "Mon ٠٩:00-17:00", ", ".join(["Mon 09:00-17:00"] * 20)],
    )  # fmt: skip
    def test_what_says_no_hours_is_refused(self, wrong: str) -> None:
        with pytest.raises(ValueError, match=r"hours|forward"):
            office_hours(wrong)

    @pytest.mark.parametrize("wrong", ["", "Berlin", "Europe", "../../etc/passwd", "/etc/localtime", "a\0b"])
    def test_what_names_no_time_zone_is_refused(self, wrong: str) -> None:
        with pytest.raises(ValueError, match="is no time zone; write one such as Europe/Berlin"):
            zone(wrong)


class TestAnOrdinaryWeek:
    @pytest.mark.parametrize(
        ("moment", "is_office"),
        [("2026-11-23 08:59:59", False), ("2026-11-23 09:00", True), ("2026-11-23 16:59:59", True),
         ("2026-11-23 17:00", False), ("2026-11-22 12:00", False), ("2026-11-28 12:00", False)],
    )  # fmt: skip
    def test_a_moment_is_in_office_hours_or_out_of_them(self, moment: str, is_office: bool) -> None:
        assert OFFICE.open_at(at(moment)) is is_office
        assert OUT.open_at(at(moment)) is not is_office
        assert Hours().open_at(at(moment))

    def test_the_clock_is_that_of_the_team(self) -> None:
        nine_in_new_york = at("2026-11-23 09:00", NEW_YORK)

        assert hours(CallingHours.OFFICE, place=NEW_YORK).open_at(nine_in_new_york)
        assert OFFICE.open_at(nine_in_new_york), "it is 15:00 in Berlin"
        assert not hours(CallingHours.OFFICE, place=NEW_YORK).open_at(nine_in_new_york - 3600)

    def test_after_the_weekend_the_office_opens(self) -> None:
        assert OFFICE.opens_at(at("2026-11-20 17:00")) == at("2026-11-23 09:00")
        assert OUT.opens_at(at("2026-11-23 12:00")) == at("2026-11-23 17:00")

    def test_what_is_open_opens_now(self) -> None:
        assert OFFICE.opens_at(at("2026-11-23 12:34:56")) == at("2026-11-23 12:34:56")

    def test_a_day_without_an_hour_out_of_office_hours_never_opens(self) -> None:
        assert hours(CallingHours.OUT, "Mon-Sun 00:00-24:00").opens_at(at("2026-11-23 12:00")) is None


class TestClockChanges:
    @pytest.mark.parametrize(
        ("place", "weekend", "monday", "night_h"),
        [(BERLIN, "2026-03-28", "2026-03-30", -1), (BERLIN, "2026-10-24", "2026-10-26", 1),
         (NEW_YORK, "2026-03-07", "2026-03-09", -1), (NEW_YORK, "2026-10-31", "2026-11-02", 1)],
    )  # fmt: skip
    def test_the_office_opens_at_nine_by_the_new_clock(
        self, place: str, weekend: str, monday: str, night_h: int
    ) -> None:
        saturday_nine = at(f"{weekend} 09:00", place)
        opening = hours(CallingHours.OFFICE, place=place).opens_at(saturday_nine)

        assert opening == at(f"{monday} 09:00", place)
        assert opening == saturday_nine + (48 + night_h) * 3600

    @pytest.mark.parametrize(("place", "day"), [(BERLIN, "2026-03-29"), (NEW_YORK, "2026-03-08")])
    def test_an_opening_in_the_hour_that_is_skipped_comes_with_the_change(self, place: str, day: str) -> None:
        night = hours(CallingHours.OFFICE, NIGHT, place)

        assert night.opens_at(at(f"{day} 01:00", place)) == at(f"{day} 03:00", place)

    def test_an_opening_in_the_hour_that_comes_twice_comes_twice(self) -> None:
        night = hours(CallingHours.OFFICE, NIGHT)
        first, second = at("2026-10-25 02:30"), at("2026-10-25 02:30", fold=1)

        assert second == first + 3600
        assert night.opens_at(at("2026-10-25 01:00")) == first
        assert not night.open_at(at("2026-10-25 02:15", fold=1))
        assert night.opens_at(at("2026-10-25 02:15", fold=1)) == second

    def test_the_hour_that_comes_twice_is_out_of_office_hours_again(self) -> None:
        """At 02:59:59 the clock goes back to 02:00, when the office has not begun yet."""
        out = hours(CallingHours.OUT, NIGHT)

        assert out.opens_at(at("2026-10-25 02:45")) == at("2026-10-25 02:00", fold=1)


CHANGES = {
    BERLIN: (at("2026-03-28 12:00"), at("2026-10-24 12:00")),
    NEW_YORK: (at("2026-03-07 12:00", NEW_YORK), at("2026-10-31 12:00", NEW_YORK)),
}
times = st.lists(st.integers(0, 288), min_size=2, max_size=2, unique=True).map(sorted)
weekends = st.lists(times, min_size=1, max_size=3).map(
    lambda spans: ", ".join(
        f"Sat-Sun {a // 12:02}:{a % 12 * 5:02}-{b // 12:02}:{b % 12 * 5:02}" for a, b in spans
    )
)


@given(
    st.sampled_from([(place, start) for place, starts in CHANGES.items() for start in starts]),
    st.sampled_from([CallingHours.OFFICE, CallingHours.OUT]),
    weekends,
    st.integers(0, 24 * 60),
)
def test_on_a_clock_change_weekend_nothing_opens_before_it_is_said_to(
    change: tuple[str, float], when: CallingHours, office: str, minutes: int
) -> None:
    """Compared with a look at every minute."""
    place, start = change
    some = hours(when, office, place)
    begin = start + minutes * 60
    looked = next((m * 60.0 + begin for m in range(12 * 60) if some.open_at(begin + m * 60)), None)
    opening = some.opens_at(begin)

    if looked is None:
        assert opening is None or opening >= begin + 12 * 3600
    else:
        assert opening == looked
