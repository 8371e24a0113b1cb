"""ISDN trunks in the configuration: told apart from SIP trunks, and wrong ones refused with line and key."""

from pathlib import Path

import pytest

from ivr import config
from ivr.config import BadConfig, Settings
from ivr.config.isdn import Isdn
from ivr.config.trunk import Trunk

HEAD = 'network: {name: Net, hotline: "+4940808077555"}\ntrunks:\n'
SIP = "- {name: sip-a, host: 192.0.2.1, lines: 4}\n"


def load(tmp_path: Path, *trunks: str) -> Settings:
    path = tmp_path / "tocsin.yaml"
    path.write_text(HEAD + "".join(f"- {trunk}\n" for trunk in trunks))
    return config.load(path)


def isdn(tmp_path: Path, *trunks: str) -> Isdn:
    trunk = load(tmp_path, *trunks).trunks[0]
    assert isinstance(trunk, Isdn)
    return trunk


def test_an_isdn_trunk_is_known_by_its_spans_beside_sip_trunks(tmp_path: Path) -> None:
    sip, primary = load(
        tmp_path,
        "{name: sip-a, host: 192.0.2.1, lines: 4}",
        "{name: isdn-a, spans: [{span: 1, type: e1}, {span: 2, type: e1, first: 32, channels: 1-10}],"
        ' reserve: 2, guard_s: 2, cps: 5, hunt: round-up, called_on: ["66969100"], clir: true}',
    ).trunks

    assert isinstance(sip, Trunk) and isinstance(primary, Isdn)
    assert primary.lines == 40
    assert (primary.reserve, primary.guard_s, primary.cps, primary.internet) == (2, 2.0, 5, False)
    assert primary.switchtype == "euroisdn"


@pytest.mark.parametrize(
    ("kind", "lines", "d_channel"), [("e1", 30, 16), ("t1", 23, 24), ("bri", 2, 3), ("bri-ptmp", 2, 3)]
)
def test_what_a_span_has_follows_from_its_type(tmp_path: Path, kind: str, lines: int, d_channel: int) -> None:
    (span,) = (trunk := isdn(tmp_path, f"{{name: a, spans: [{{span: 3, type: {kind}, first: 63}}]}}")).spans

    assert trunk.lines == lines
    assert trunk.guard_s == 1.0, "a B channel is not free the moment we hang up"
    assert span.d_channel == d_channel and d_channel not in span.b_channels
    assert span.dahdi(1) == 63


@pytest.mark.parametrize(
    ("trunk", "message"),
    [
        ("{name: a, spans: []}", "3: trunks[1]: spans: name at least one"),
        ("{name: a, lines: 4, group: 1, spans: [{span: 1, type: e1}]}", "3: lines: unknown key"),
        ("{name: a, spans: [{span: 1, type: e2}]}", "3: type: must be one of e1, t1, bri, bri-ptmp"),
        ("{name: a, spans: [{span: 0, type: e1}]}", "3: span: must be between 1 and 128"),
        (
            "{name: a, spans: [{span: 1, type: e1, channels: 1-31}]}",
            "3: spans[1]: channels: 16 is no B channel of a span of type e1",
        ),
        ("{name: a, spans: [{span: 1, type: e1, channels: 9-3}]}", "3: channels: names a channel twice"),
        ("{name: a, spans: [{span: 1, type: e1, channels: '1-4,4'}]}", "3: channels: names a channel twice"),
        ("{name: a, spans: [{span: 1, type: e1, channels: all}]}", "3: channels: must be channels"),
        (
            "{name: a, spans: [{span: 1, type: bri, sleeps: true}]}",
            "sleeps: only a line of type bri-ptmp does",
        ),
        ("{name: a, spans: [{span: 1, type: bri}], reserve: 2}", "reserve must be less than the lines (2)"),
        ("{name: a, spans: [{span: 1, type: e1}], group: 64}", "3: group: must be between 1 and 63"),
        ("{name: a, spans: [{span: 1, type: e1}], called_on: ['+49']}", "called_on: '+49' must be digits"),
        ("{name: a, spans: [{span: 1, type: e1}], called_on: ['1', '1']}", "called_on: names a number twice"),
        (
            "{name: a, spans: [{span: 1, type: e1}], numbers: {prefix: '0'}}",
            "numbers: a prefix needs `called`: e164, international or national",
        ),
        (
            "{name: a, called_on: ['1'], spans: [{span: 1, type: bri-ptmp}, {span: 2, type: bri, first: 4}]}",
            "multipoint lines and others belong into trunks of their own",
        ),
        (
            "{name: a, spans: [{span: 1, type: e1}, {span: 2, type: e1, first: 31}]}",
            "spans 1 and 2 share a channel: give each its `first`",
        ),
        ("{name: a, spans: [{span: 1, type: e1}, {span: 1, type: e1, first: 32}]}", "span 1 is given twice"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, trunk: str, message: str) -> None:
    with pytest.raises(BadConfig) as refused:
        load(tmp_path, trunk)
    assert message in str(refused.value)


def test_each_trunk_has_a_group_of_its_own(tmp_path: Path) -> None:
    first, second = (
        "{name: a, spans: [{span: 1, type: bri}]",
        "{name: b, spans: [{span: 2, type: bri, first: 4}]",
    )
    with pytest.raises(BadConfig, match="each ISDN trunk needs a `group` of its own"):
        load(tmp_path, f"{first}}}", f"{second}}}")
    load(tmp_path, f"{first}}}", f"{second}, group: 2}}")


def test_only_sip_lines_need_ports_for_speech(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.yaml"
    path.write_text(
        f"{HEAD}- {{name: a, spans: [{{span: 1, type: e1}}]}}\npbx: {{rtp_first: 100, rtp_last: 102}}\n"
    )
    assert config.load(path).trunks[0].lines == 30
