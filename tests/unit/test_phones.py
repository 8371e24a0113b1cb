"""The phones file, what a phone's declaration lets one expect, and the dialplan that comes of it."""

import re
from pathlib import Path

import pytest

from ivr.pstn import dialplan, phones
from ivr.pstn.behaviour import (
    PRESETS,
    Behaviour,
    Expectation,
    Hangup,
    Listen,
    Play,
    Press,
    Say,
    UntilQuiet,
    acknowledging_call,
    expect,
)
from ivr.services import teamfile
from ivr.yamlfile import BadFile

HERE = Path("/a folder")
GUIDE = (Path(__file__).parents[2] / "docs/practice.md").read_text(encoding="utf-8")


def one(calls: str, more: str = "") -> phones.Phone:
    text = f'phones:\n  - number: "+49 40 808077-501"\n    calls: {calls}\n{more}'
    return phones.parse(text, "phones.yaml", HERE)[0]


def steps(text: str) -> Behaviour:
    return one(f"[{{steps: [{text}]}}]").calls[0]


def test_a_phone_with_everything() -> None:
    phone = one(
        "[Busy, no_answer, {does: acknowledges, answer_after: 5}]",
        "    team: alpha-cert\n    name: Alpha CERT\n    sms: true\n"
        "    script: [until-quiet, {press: '407 12#'}, {say: alert.wav}, hangup]\n",
    )
    assert phone.number == "+4940808077501"
    assert phone.calls == (PRESETS["busy"], PRESETS["no-answer"], PRESETS["acknowledges"].after(5))
    assert (phone.team, phone.name, phone.sms) == ("alpha-cert", "Alpha CERT", True)
    assert phone.script == (UntilQuiet(1.0), Press("40712#"), Say(HERE / "alert.wav"), Hangup())


def test_explicit_steps() -> None:
    behaviour = one(
        "[{answer_after: 2, steps: [{until-quiet: 1.5}, {press: '1'}, {listen: 4}, greeting, beep]}]"
    ).calls[0]
    wanted = (UntilQuiet(1.5), Press("1"), Listen(4), Play("greeting"), Play("beep"))
    assert behaviour == Behaviour(2.0, wanted)


def test_a_single_call_needs_no_list_and_none_means_acknowledges() -> None:
    assert one("busy").calls == (PRESETS["busy"],)
    (phone,) = phones.parse('phones: [{number: "+4940808077501"}]', "f", HERE)
    assert phone.calls == (PRESETS["acknowledges"],)


@pytest.mark.parametrize(
    ("calls", "error"),
    [
        ("bussy", "f:3: calls: 'bussy' is no behaviour; did you mean busy?"),
        ("[]", "f:3: calls: must have at least one entry"),
        ("[{does: busy, steps: [hangup]}]", "f:3: calls[1]: give either `does` (a name) or `steps`"),
        ("[{answer_after: 2}]", "f:3: calls[1]: give either"),
        ("[{does: busy, answer_after: -1}]", "f:3: answer_after: must be 0 to 300 seconds"),
        ("[{does: busy, answer_after: .nan}]", "f:3: answer_after: must be"),
        ("[{steps: []}]", "f:3: steps: must have at least one step"),
        ("[{steps: [hang-up]}]", "f:3: steps: 'hang-up' is no step; did you mean hangup?"),
        ("[{steps: [{pres: '1'}]}]", "f:3: pres: unknown key; did you mean press?"),
        ("[{steps: [{press: '1', listen: 2}]}]", "one step a line"),
        ("[{steps: [{press: '1)'}]}]", "f:3: press: must be 1 to 40 keys"),
        ("[{steps: [{press: yes}]}]", 'f:3: press: must be text; put it in "quotation marks"'),
        ("[{steps: [{until-quiet: 0.1}]}]", "f:3: until-quiet: must be 0.3 to 30 seconds"),
    ],
)
def test_an_error_names_line_and_key(calls: str, error: str) -> None:
    with pytest.raises(BadFile) as raised:
        phones.parse(f'phones:\n  - number: "+4940808077501"\n    calls: {calls}\n', "f", HERE)
    assert error in str(raised.value)


@pytest.mark.parametrize("number", ["112", "+49112", "040808077501", "+4940808077501,1,System(x)"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(BadFile, match="f:1: number: "):
        phones.parse(f'phones: [{{number: "{number}"}}]', "f", HERE)


def test_a_number_is_declared_once() -> None:
    with pytest.raises(BadFile, match="declared twice"):
        phones.parse(
            'phones: [{number: "+4940808077501"}, {number: "+49 40 808077501", calls: busy}]', "f", HERE
        )


ACKNOWLEDGES = Expectation(answers=True, hears_alert=True, acknowledges=True)
HEARS = Expectation(answers=True, hears_alert=True, acknowledges=False)
ANSWERS = Expectation(answers=True, hears_alert=False, acknowledges=False)
REFUSES = Expectation(answers=False, hears_alert=False, acknowledges=False)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("acknowledges acknowledges-early in-a-hurry answers-late presses-at-once wrong-key", ACKNOWLEDGES),
        ("listens-only", HEARS),
        ("silent hangs-up machine", ANSWERS),
        ("busy no-answer rejected congestion unallocated announced-busy announced-no-answer", REFUSES),
    ],
)
def test_what_is_expected_of_each_preset(names: str, expected: Expectation) -> None:
    assert {name: expect(PRESETS[name]) for name in names.split()} == dict.fromkeys(names.split(), expected)


def test_every_preset_has_an_expectation_above() -> None:
    assert len(PRESETS) == 17


def test_the_guide_has_every_preset_with_its_ringing_and_its_examples_are_right() -> None:
    table = dict(re.findall(r"^\| `([a-z-]+)` \| (\d+)", GUIDE, re.MULTILINE))
    assert {name: float(rings) for name, rings in table.items()} == {
        name: preset.answer_after for name, preset in PRESETS.items()
    }
    first, script = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert len(phones.parse(first, "guide", HERE)) == 3
    assert phones.parse(f"phones:\n{script}", "guide", HERE)[0].script


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("until-quiet, {press: '1'}, {listen: 2}, {press: '1'}", ACKNOWLEDGES),
        ("until-quiet, {press: '1'}, {listen: 1.5}, {press: '1'}", HEARS),
        ("until-quiet, {press: '11'}, hangup", HEARS),
        ("until-quiet, {press: '1'}, {listen: 1}, {press: '1'}, {listen: 1}, {press: '1'}", ACKNOWLEDGES),
        ("{press: '1'}, {listen: 15}, {press: '2'}, {listen: 1}, {press: '1'}", HEARS),
        ("{press: '1'}, {listen: 15}, {press: '2'}, {listen: 3}, {press: '1'}", ACKNOWLEDGES),
        ("{press: '1'}, {listen: 5}, {press: '1'}", ANSWERS),
        ("until-quiet, {press: '2'}, {listen: 5}, {press: '7'}", ANSWERS),
        ("until-quiet, {press: '1'}, until-quiet, hangup, {press: '1'}", HEARS),
        ("hangup, {press: '1'}, {listen: 5}, {press: '1'}", ANSWERS),
    ],
)
def test_what_is_expected_of_steps(text: str, expected: Expectation) -> None:
    assert expect(steps(text)) == expected


def test_a_later_call_may_be_the_one_that_is_acknowledged() -> None:
    phone = one("[busy, machine, acknowledges, busy]")
    assert acknowledging_call(phone.calls) == 3
    assert not phones.reachable([phone], calls=2)
    assert phones.reachable([phone], calls=3)
    assert not phones.reachable([one("busy"), one("unallocated")], calls=9)
    assert phones.reachable([one("busy"), one("acknowledges")], calls=1)


def test_a_phone_that_answers_after_the_ringing_has_stopped_is_not_reached() -> None:
    late = one("{does: acknowledges, answer_after: 7}")
    assert phones.reachable([late], calls=3, ring_s=8)
    assert not phones.reachable([late], calls=3, ring_s=7)
    assert acknowledging_call(one("[{does: acknowledges, answer_after: 20}, acknowledges]").calls, 7) == 2


def test_what_never_acknowledges() -> None:
    assert acknowledging_call(one("[busy, silent]").calls) is None


def test_teams_and_their_phones_keep_the_order_of_the_file() -> None:
    text = "phones:" + "".join(
        f'\n- {{number: "+494080807750{n}"{", team: " + team if team else ""}}}'
        for n, team in enumerate(["b", "a", "", "b"])
    )
    teams = phones.by_team(phones.parse(text, "f", HERE))
    assert [(team, [p.number[-1] for p in theirs]) for team, theirs in teams.items()] == [
        ("b", ["0", "3"]),
        ("a", ["1"]),
    ]


def test_the_example_phones_are_those_of_the_example_teams_and_each_team_can_be_reached() -> None:
    config = Path(__file__).parents[2] / "config"
    declared = {phone.number: phone for phone in phones.read(config / "phones.example.yaml")}
    teams = teamfile.read(config / "teams.example.yaml")
    assert {number.number for team in teams for number in team.numbers} == set(declared)
    for team in teams:
        assert phones.reachable([declared[number.number] for number in team.numbers], calls=3, ring_s=30)


def test_the_dialplan_of_a_phone() -> None:
    phone = one("[busy, {answer_after: 2, steps: [{press: '1#'}, {say: a.wav}, beep]}]")
    sounds = dialplan.Sounds("/core", {HERE / "a.wav": "/say/1"}, {Press("1#"): "/say/2"})
    text = dialplan.phones([phone], sounds)
    assert [line for line in text.splitlines() if line] == [
        "[trunk]",
        "exten => +4940808077501,1,Gosub(ring,s,1(4940808077501,2))",
        " same => n,Goto(phone-4940808077501-${ENTRY},s,1)",
        "[phone-4940808077501-1]",
        "exten => s,1,Hangup(17)",
        "[phone-4940808077501-2]",
        "exten => s,1,Ringing()",
        " same => n,Wait(2)",
        " same => n,Gosub(answer,s,1(4940808077501-${NTH}))",
        " same => n,Gosub(press,s,1(1#,100,/say/2))",
        " same => n,Gosub(play,s,1(/say/1))",
        " same => n,Gosub(play,s,1(/core/beep))",
        " same => n,Hangup(16)",
    ]
