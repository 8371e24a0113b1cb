"""ISDN in Asterisk's configuration as rendered; without such a trunk there is nothing of it."""

from pathlib import Path

import pytest
from test_render import programs, read, secret, section

from ivr import config
from ivr.adapters.pbx.render import render
from ivr.ports import Programs

__all__ = ["programs"]

HEAD = 'network: {name: Net, hotline: "+4940808077555"}\ntrunks:\n'
PRIMARY = "- {name: isdn-a, spans: [{span: 1, type: e1}, {span: 2, type: e1, first: 32, channels: 1-10}]}\n"
SIP = "- {name: sip-a, host: 192.0.2.1, lines: 4}\n"


@pytest.fixture
def rendered(programs: Programs, tmp_path: Path) -> "Rendered":
    return Rendered(programs, tmp_path)


class Rendered:
    def __init__(self, programs: Programs, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        self.into = folder / "pbx"

    def __call__(self, trunks: str) -> Path:
        (self._folder / "tocsin.yaml").write_text(HEAD + trunks)
        (self._folder / "secrets").mkdir(exist_ok=True)
        secret(self._folder, "ami", "secret")
        render(config.load(self._folder / "tocsin.yaml"), self._programs, self.into)
        return self.into


def spans(into: Path) -> list[dict[str, str]]:
    """What each group of channels in chan_dahdi.conf is set to: what was said before it holds for it too."""
    found, so_far = [], {}
    for title, lines in read(into / "chan_dahdi.conf"):
        for key, value in lines if title == "channels" else ():
            so_far[key] = value
            if key == "channel":
                found.append(dict(so_far))
    return found


def test_the_spans_of_a_trunk_are_one_group_of_its_b_channels(rendered: Rendered) -> None:
    first, second = spans(rendered(PRIMARY))

    assert (first["channel"], second["channel"]) == ("1-15,17-31", "32-41")
    for span in (first, second):
        assert span["group"] == "1"
        assert (span["signalling"], span["switchtype"]) == ("pri_cpe", "euroisdn")
        assert (span["context"], span["immediate"], span["msn"]) == ("hotline", "yes", "")
        assert span["accountcode"] == "isdn-a", "by which the service knows the trunk of a call that came in"
        assert span["usecallerid"] == "no"


@pytest.mark.parametrize(
    ("kind", "signalling"),
    [("e1", "pri_cpe"), ("t1", "pri_cpe"), ("bri", "bri_cpe"), ("bri-ptmp", "bri_cpe_ptmp")],
)
def test_we_are_the_users_side(rendered: Rendered, kind: str, signalling: str) -> None:
    (span,) = spans(rendered(f"- {{name: a, spans: [{{span: 1, type: {kind}}}], switchtype: national}}\n"))
    assert (span["signalling"], span["switchtype"]) == (signalling, "national")


def test_calls_to_other_numbers_are_refused_where_the_line_is_ours_alone(rendered: Rendered) -> None:
    into = rendered(
        "- {name: a, spans: [{span: 1, type: e1}], called_on: ['66969100', '66969101'], overlap: incoming}\n"
    )

    (span,) = spans(into)
    assert (span["context"], span["immediate"], span["overlapdial"]) == ("hotline-a", "no", "incoming")
    ours = next(lines for title, lines in read(into / "extensions.conf") if title == "hotline-a")
    assert ours == [("exten", f"{n},1,Goto(hotline,s,1)") for n in ("66969100", "66969101")]


def test_calls_to_other_numbers_are_left_alone_where_others_share_the_line(rendered: Rendered) -> None:
    into = rendered("- {name: a, spans: [{span: 1, type: bri-ptmp}], called_on: ['661', '662']}\n")

    (span,) = spans(into)
    assert (span["context"], span["immediate"], span["msn"]) == ("hotline", "yes", "661,662")
    assert "hotline-a" not in [title for title, _ in read(into / "extensions.conf")]


def test_numbers_of_one_trunk_are_not_those_of_the_next(rendered: Rendered) -> None:
    first, second = spans(
        rendered(
            "- {name: a, spans: [{span: 1, type: bri-ptmp}], called_on: ['661']}\n"
            "- {name: b, spans: [{span: 2, type: e1, first: 4}], group: 2}\n"
        )
    )
    assert (first["msn"], second["msn"]) == ("661", "")
    assert (first["group"], second["group"]) == ("1", "2")


def test_a_line_that_sleeps_is_not_held_up(rendered: Rendered) -> None:
    sleeper, other = spans(
        rendered(
            "- {name: a, spans: [{span: 1, type: bri-ptmp, sleeps: true},"
            " {span: 2, type: bri-ptmp, first: 4}]}\n"
        )
    )
    assert (sleeper["layer1_presence"], sleeper["layer2_persistence"]) == ("ignore", "leave_down")
    assert (other["layer1_presence"], other["layer2_persistence"]) == ("required", "keep_up")


def test_the_cards_are_told_in_dahdis_own_words(rendered: Rendered) -> None:
    told = (
        rendered(
            PRIMARY + "- {name: b, spans: [{span: 3, type: t1, first: 63}, {span: 4, type: bri, first: 87}],"
            " group: 2}\n"
        )
        / "system.conf"
    ).read_text()

    lines = [line for line in told.splitlines() if "=" in line and not line.startswith("#")]
    assert lines == [
        "loadzone=us",
        "defaultzone=us",
        "span=1,1,0,ccs,hdb3,crc4",
        "bchan=1-15,17-31",
        "dchan=16",
        "alaw=1-15,17-31",
        "span=2,2,0,ccs,hdb3,crc4",
        "bchan=32-41",
        "dchan=47",
        "alaw=32-41",
        "span=3,3,0,esf,b8zs",
        "bchan=63-85",
        "dchan=86",
        "mulaw=63-85",
        "span=4,4,0,ccs,ami",
        "bchan=87-88",
        "hardhdlc=89",
        "alaw=87-88",
    ]


def test_asterisk_loads_isdn_only_where_there_is_a_trunk(rendered: Rendered) -> None:
    assert ("require", "chan_dahdi.so") in dict(read(rendered(SIP + PRIMARY) / "modules.conf"))["modules"]

    into = rendered(SIP)  # and nothing of the trunk is left
    assert "chan_dahdi" not in str(read(into / "modules.conf"))
    assert not spans(into)
    assert section(into / "pjsip.conf", "to@sip-a", "endpoint")["context"] == "hotline"


@pytest.mark.parametrize(
    ("numbers", "called", "caller"),
    [
        ("{}", "dynamic", "dynamic"),
        ("{called: national, caller: e164}", "unknown", "international"),
        ("{called: e164, caller: international}", "international", "unknown"),
        ("{called: e164, prefix: '9', caller: national}", "unknown", "unknown"),
    ],
)
def test_a_number_goes_out_as_the_type_that_it_is_written_as(
    rendered: Rendered, numbers: str, called: str, caller: str
) -> None:
    (span,) = spans(rendered(f"- {{name: a, spans: [{{span: 1, type: e1}}], numbers: {numbers}}}\n"))
    assert (span["pridialplan"], span["prilocaldialplan"]) == (called, caller)
    assert span["internationalprefix"] == "+"


def test_where_our_number_is_hidden_asterisk_has_it_from_its_configuration(rendered: Rendered) -> None:
    hidden = rendered("- {name: a, spans: [{span: 1, type: e1}], clir: true, numbers: {caller: national}}\n")
    told = [value for _, lines in read(hidden / "chan_dahdi.conf") for key, value in lines if key == "setvar"]

    assert told == ["CONNECTEDLINE(num,i)=040808077555", "CONNECTEDLINE(num-pres,i)=prohib_not_screened"]
    assert "setvar" not in str(read(rendered(PRIMARY) / "chan_dahdi.conf"))
