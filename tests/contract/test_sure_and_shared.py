"""What an originator says of an alert by key, every key of it, and that every callee hears just that."""

import pytest
from test_conversations import Build, build, empty_house, lead

from ivr.domain.records import Alert, Severity, Tlp

__all__ = ["build", "empty_house"]

TLP = {
    "1": (Tlp.RED, "tlp-red"),
    "2": (Tlp.AMBER_STRICT, "tlp-amber-strict"),
    "3": (Tlp.AMBER, "tlp-amber"),
    "4": (Tlp.GREEN, "tlp-green"),
    "5": (Tlp.CLEAR, "tlp-clear"),
}
SEVERITY = {
    "1": (Severity.HIGH, ["severity-high"]),
    "2": (Severity.MEDIUM, []),
    "3": (Severity.LOW, ["severity-low"]),
}
SURE = {"1": (True, "confirmed"), "2": (False, "unconfirmed")}


def raises(build: Build, asks: list[str], keys: dict[str, str]) -> Alert:
    """A member records and sends an alert, and answers the questions with these keys; what is on record."""
    house = build("raises")
    follows, _ = lead(
        house,
        {
            "asks": asks,
            "talk": [
                {"heard": ["greeting"], "press": "40711#271828#1", "at": 0.2},
                {"heard": ["five-questions"], "press": "5", "at": 0.3},
                {"speak": {"seconds": 10, "end": "#"}},
                {"heard": ["review-menu"], "press": "1"},
                *({"heard": [question], "press": key} for question, key in keys.items() if "-" in question),
                {
                    "heard": ["confirm-send-before", "digits/3", "teams", "ask-confirmed"],
                    "press": keys["sure"],
                },
                {"heard": ["alert-word", "digits/1", "on-its-way", "digits/3", "teams"], "hangup": 0.5},
            ],
        },
    )
    follows.finished()
    with house.store.read() as tx:
        (alert,) = tx.find(Alert)
    return alert


@pytest.mark.parametrize("key", TLP)
def test_each_key_for_the_tlp(build: Build, key: str) -> None:
    raised = raises(build, ["ask_tlp"], {"ask-tlp": key, "sure": "1"})
    assert (raised.tlp, raised.severity, raised.confirmed) == (TLP[key][0], Severity.MEDIUM, True)


@pytest.mark.parametrize("key", SEVERITY)
def test_each_key_for_the_severity(build: Build, key: str) -> None:
    raised = raises(build, ["ask_severity"], {"ask-severity": key, "sure": "2"})
    assert (raised.tlp, raised.severity, raised.confirmed) == (None, SEVERITY[key][0], False)


@pytest.mark.parametrize("key", SURE)
def test_a_site_that_asks_for_neither_asks_how_sure_it_is_all_the_same(build: Build, key: str) -> None:
    raised = raises(build, [], {"sure": key})
    assert (raised.tlp, raised.severity, raised.confirmed) == (None, Severity.MEDIUM, SURE[key][0])


def hears(build: Build, team: str, said: dict[str, object], about: list[str]) -> None:
    """A callee of `team` hears `about` after who raised the alert and when, and before its content."""
    listens, trusts = team == "qrs-cert", team == "tru-cert"
    subject = ["(abc-cert raised 1)", *([] if listens else about)]
    opened = [] if trusts else [{"heard": ["callout-greeting", *subject, "press-1-to-hear"], "press": "1"}]
    pin = [{"heard": ["enter-listen-pin"], "press": "4725#"}] if listens else []
    before = ["callout-greeting", *subject] if trusts else about if listens else []
    follows, _ = lead(
        build("hears"),
        {
            "alerts": [{"team": "abc-cert", "seconds": 8, **said}],
            "called": team,
            "before": ["listens with 4725 qrs-cert"] if listens else [],
            "talk": [
                *opened,
                *pin,
                {"heard": [*before, "alert/1", "press-1-to-acknowledge-2-again"], "press": "1"},
                {"heard": ["acknowledged-thanks", "goodbye"]},
            ],
        },
    )
    follows.finished()


@pytest.mark.parametrize(("tlp", "sound"), TLP.values())
def test_a_callee_hears_each_tlp(build: Build, tlp: Tlp, sound: str) -> None:
    hears(build, "xyz-cert", {"tlp": tlp}, [sound])


@pytest.mark.parametrize(("severity", "sounds"), SEVERITY.values())
def test_a_callee_hears_each_severity_but_the_usual_one(
    build: Build, severity: Severity, sounds: list[str]
) -> None:
    hears(build, "xyz-cert", {"severity": severity}, sounds)


@pytest.mark.parametrize("team", ["xyz-cert", "tru-cert", "qrs-cert"])
@pytest.mark.parametrize(("confirmed", "sound"), SURE.values())
def test_every_callee_hears_how_sure_it_is_however_its_team_listens(
    build: Build, team: str, confirmed: bool, sound: str
) -> None:
    """With a key, at once where its phones are trusted, and with a listening PIN, after that."""
    hears(build, team, {"confirmed": confirmed}, [sound])
