"""The configuration is validated at start, and every error names the file, the line and the key."""

import os
from pathlib import Path

import pytest
from book import CONFIGURATION

from ivr import config
from ivr.config import BadConfig, Settings
from ivr.config.sms import Modem, Smsc
from ivr.domain.policy import SmsTime

FULL = """\
network:
  name: Example Network
  hotline: "+49 40 808077-555"
  fallback: "+4940808077556"
  operators: ["+49 171 00098", "+4917100099"]
  sms_text: "{originator}: alarm {number}. {hotline}"
  report_after_s: 600
pbx:
  rtp_first: 20000
  rtp_last: 20199
trunks:
  - name: sip-a
    host: sip.example
    lines: 4
    guard_s: 2.5
    cps: 5
    reserve: 1
smsc:
  - name: operator-a
    host: smpp.example
    system_id: tocsin
  - {name: modem, spool: spool of sms, window: 2, patience_s: 60}
policy:
  ring_s: 20
  sms: after-first-call
  no-answer: {tries: 2, pause_s: 15}
audio:
  longest_s: 90
archive:
  keep-days: 365
language: de
state: ../var/state
store: postgresql://tocsin@/tocsin
"""


def load(folder: Path, text: str) -> Settings:
    file = folder / "tocsin.yaml"
    file.write_text(text, encoding="utf-8")
    return config.load(file)


def complaint(folder: Path, text: str) -> str:
    """What is wrong, without the folder."""
    with pytest.raises(BadConfig) as refused:
        load(folder, text)
    message = str(refused.value)
    assert "\n" not in message
    return message.removeprefix(f"{folder}/")


class TestValues:
    def test_everything_an_install_may_choose(self, tmp_path: Path) -> None:
        settings = load(tmp_path, FULL)

        assert settings.network.hotline == "+4940808077555"
        assert settings.network.operators == ("+4917100098", "+4917100099")
        assert settings.network.sms_text == "{originator}: alarm {number}. {hotline}"
        assert settings.network.report_after_s == 600
        assert settings.policy.sms is SmsTime.AFTER_FIRST_CALL
        assert settings.trunks[0].port == 5060
        assert (settings.trunks[0].guard_s, settings.trunks[0].cps, settings.trunks[0].reserve) == (2.5, 5, 1)
        assert settings.smsc == (
            Smsc("operator-a", "smpp.example", "tocsin"),
            Modem(tmp_path / "spool of sms", "modem", window=2, patience_s=60.0),
        )
        assert settings.policy.ring_s == 20
        assert settings.policy.no_answer.pause_s == 15
        assert settings.audio.longest_s == 90
        assert settings.archive.keep_days == 365
        assert settings.language == "de"
        assert settings.store == "postgresql://tocsin@/tocsin"

    def test_a_relative_path_counts_from_the_configuration(self, tmp_path: Path) -> None:
        folder = tmp_path / "with a space"
        folder.mkdir()
        settings = load(folder, CONFIGURATION)

        assert settings.state == folder / "state"
        assert settings.recordings == folder / "recordings"
        assert settings.sounds == folder / "state" / "sounds"
        assert settings.archive.keep_days is None
        assert settings.store == f"sqlite:///{folder}/state/tocsin.db"

    @pytest.mark.parametrize("name", ["+4940808077555", "cert.hotline", "49408080t0", "a_b-c"])
    def test_an_account_has_the_name_that_the_carrier_gave_it(self, tmp_path: Path, name: str) -> None:
        text = CONFIGURATION.replace("lines: 4", f'lines: 4\n    username: "{name}"')
        more = f'smsc: [{{name: a, host: h, system_id: "{name}"}}]'
        settings = load(tmp_path, f"{text}{more}\n")

        (trunk,), (smsc,) = settings.sip, settings.smsc
        assert isinstance(smsc, Smsc)
        assert (trunk.username, smsc.system_id) == (name, name)

    def test_it_counts_from_there_wherever_we_stand(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load(tmp_path, CONFIGURATION)
        monkeypatch.chdir(tmp_path)

        assert config.load(Path("tocsin.yaml")).state == tmp_path / "state"

    def test_a_trunk_has_no_limits_but_its_lines_unless_it_says_so(self, tmp_path: Path) -> None:
        (trunk,) = load(tmp_path, CONFIGURATION).trunks

        assert (trunk.guard_s, trunk.cps, trunk.reserve) == (0, None, 0)


class TestErrors:
    @pytest.mark.parametrize(
        ("line", "wrong", "message"),
        [
            ("  name: Example Network", '  name: ""', "2: name: must be 1 to 60 printable characters"),
            ("  name: Example Network", f"  name: {'x' * 61}", "2: name: must be 1 to 60 printable"),
            (
                '  hotline: "+4940808077555"',
                '  hotline: "040 808077"',
                "3: hotline: '040 808077' is not a number",
            ),
            ('  hotline: "+4940808077555"', '  hotline: "112"', "3: hotline: 112 is an emergency number"),
            (
                '  hotline: "+4940808077555"',
                "  hotline: 4940808077555",
                "3: hotline: '4940808077555' is not a number in E.164 form",
            ),
            ('  hotline: "+4940808077555"', "", "2: hotline: is missing in network"),
            ("trunks:", '  operators: ["040 1"]\ntrunks:', "4: operators: '040 1' is not a number in E.164"),
            ("trunks:", '  operators: ["112"]\ntrunks:', "4: operators: 112 is an emergency number"),
            (
                "trunks:",
                '  operators: ["+4917100099", "+49 171 00099"]\ntrunks:',
                "4: operators: names a number twice",
            ),
            (
                "trunks:",
                '  sms_text: "Alarm {nummer}, {hotline}"\ntrunks:',
                "4: sms_text: {nummer} is no field; the fields are {number}, {originator}, {time}, {hotline}",
            ),
            (
                "trunks:",
                '  sms_text: "Alarm {number}"\ntrunks:',
                "4: sms_text: must contain {hotline}: who gets it is to call in",
            ),
            ("trunks:", "  report_after_s: 5\ntrunks:", "4: report_after_s: must be between 60 and 86400"),
            ("trunks:", "trunk:", "4: trunk: unknown key; did you mean trunks?"),
            ("  - name: sip-a", '  - name: "sip a"', "5: name: must be 1 to 30 letters, digits, - or _"),
            ("  - name: sip-a", '  - name: "sip\\r\\na"', "5: name: must be 1 to 30 letters"),
            ("    host: 127.0.0.1", "    host: a b", "6: host: must be a host name or an IP address"),
            (
                "    host: 127.0.0.1",
                "    host: sip..example",
                "6: host: must be a host name or an IP address",
            ),
            ("    host: 127.0.0.1", "    host: .", "6: host: must be a host name or an IP address"),
            ("    lines: 4", "    lines: 0", "7: lines: must be between 1 and 10000, not 0"),
            (
                "    lines: 4",
                "    lines: 4\n    username: a@b",
                "8: username: must be 1 to 64 letters, digits, -",
            ),
            ("    lines: 4", "    lines: 4\n    username: 'a;b'", "8: username: must be 1 to 64 letters"),
            ("    lines: 4", "    lines: four", "7: lines: must be a whole number"),
            ("    lines: 4", "    lines: 4\n    cps: 0", "8: cps: must be between 1 and 100, not 0"),
            ("    lines: 4", "    lines: 4\n    guard_s: -1", "8: guard_s: must be between 0 and 60, not -1"),
            (
                "    lines: 4",
                "    lines: 4\n    reserve: 4",
                "5: trunks[1]: reserve must be less than lines (4), or no team is ever called",
            ),
            (
                "    lines: 4",
                "    lines: 4\n    port: 70000",
                "8: port: must be between 1 and 65535, not 70000",
            ),
        ],
    )
    def test_in_the_network_and_the_trunks(self, tmp_path: Path, line: str, wrong: str, message: str) -> None:
        assert CONFIGURATION.count(line) == 1
        assert complaint(tmp_path, CONFIGURATION.replace(line, wrong)).startswith(f"tocsin.yaml:{message}")

    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ("policy:\n  ring_s: 1", "9: ring_s: must be between 5 and 120, not 1"),
            ("policy:\n  deadline_s: 100000", "9: deadline_s: must be between 60 and 86400, not 100000"),
            (
                "policy:\n  sms: later",
                "9: sms: must be one of at-release, after-first-call, never",
            ),
            ("policy:\n  max_calls: 0", "9: max_calls: must be between 1 and 200, not 0"),
            ("policy:\n  busy: {tries: 0}", "9: tries: must be between 1 and 200, not 0"),
            ("policy:\n  no_answer: {tries: 1}", "9: no_answer: unknown key; did you mean no-answer?"),
            ("policy:\n  acknowledged: {tries: 1}", "9: acknowledged: unknown key"),
            ("audio:\n  longest_s: 121", "9: longest_s: must be between 10 and 120, not 121"),
            ("audio:\n  quietest_dbfs: 3", "9: quietest_dbfs: must be between -90 and 0, not 3"),
            ("pbx:\n  agi_port: 0", "9: agi_port: must be between 1 and 65535, not 0"),
            ("smsc:\n  - {name: a, host: h}", "9: system_id: is missing in smsc[1]"),
            (
                "smsc:\n  - {name: a, host: h, system_id: s, window: 0}",
                "9: window: must be between 1 and 100",
            ),
            ("language: German", "8: language: must be the code of a language, such as en"),
            ("archive:\n  keep-days: 0", "9: keep-days: must be between 1 and 36500, not 0"),
            ("archive:\n  keep_days: 9", "9: keep_days: unknown key; did you mean keep-days?"),
            ("smsc:\n  - {name: a, spool: s, window: 51}", "9: window: must be between 1 and 50"),
            ("smsc:\n  - {name: a, spool: s, host: h}", "9: spool: unknown key"),
            ("state: 7", "8: state: must be a path"),
        ],
    )
    def test_in_the_rest(self, tmp_path: Path, more: str, message: str) -> None:
        assert complaint(tmp_path, CONFIGURATION + more).startswith(f"tocsin.yaml:{message}")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                'network: {name: N, hotline: "+4940808077555"}\ntrunks: []',
                "tocsin.yaml:1: the file: trunks: name at least one trunk",
            ),
            (
                CONFIGURATION + "  - {name: sip-a, host: h, lines: 1}",
                "tocsin.yaml:1: the file: trunks: the name sip-a is given twice",
            ),
            (
                CONFIGURATION + "pbx: {rtp_first: 10000, rtp_last: 10006}",
                "tocsin.yaml:1: the file: pbx.rtp_first to rtp_last must hold two ports for each line",
            ),
            ("", "tocsin.yaml: the file is empty"),
        ],
    )
    def test_between_the_keys(self, tmp_path: Path, text: str, message: str) -> None:
        assert complaint(tmp_path, text).startswith(message)

    def test_in_the_store_s_address(self, tmp_path: Path) -> None:
        assert complaint(tmp_path, CONFIGURATION + "store: nonsense").startswith("tocsin.yaml:8: store: ")


class TestWhere:
    @pytest.fixture(autouse=True)
    def _in_an_empty_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("TOCSIN_CONFIG", raising=False)

    def test_what_was_given_comes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOCSIN_CONFIG", "/from/environment")

        assert config.locate("/given") == Path("/given")

    def test_then_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "tocsin.yaml").touch()
        monkeypatch.setenv("TOCSIN_CONFIG", "/from/environment")

        assert config.locate(None) == Path("/from/environment")

    def test_then_the_folder_config(self, tmp_path: Path) -> None:
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "tocsin.yaml").touch()

        assert config.locate(None) == Path("config/tocsin.yaml")

    @pytest.mark.skipif(os.geteuid() == 0, reason="no folder is closed to root")
    def test_from_a_folder_that_is_closed_to_us_the_search_goes_on(self, tmp_path: Path) -> None:
        tmp_path.chmod(0)
        try:
            with pytest.raises(BadConfig, match="run `tocsin init`"):
                config.locate(None)
        finally:
            tmp_path.chmod(0o700)

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(BadConfig, match=r"away\.yaml: cannot be read: "):
            config.load(tmp_path / "away.yaml")


class TestSecrets:
    @pytest.fixture
    def secret(self, settings: Settings) -> Path:
        settings.secrets.mkdir()
        path = settings.secrets / "ami"
        path.write_text("let me in\n", encoding="utf-8")
        path.chmod(0o600)
        return path

    def test_are_read_one_a_file(self, settings: Settings, secret: Path) -> None:
        assert settings.secret("ami") == "let me in"

    def test_that_others_may_read_are_refused(self, settings: Settings, secret: Path) -> None:
        secret.chmod(0o640)

        with pytest.raises(BadConfig, match=f"others may read this secret; run: chmod 600 '{secret}'"):
            settings.secret("ami")

    def test_that_are_missing_are_named(self, settings: Settings) -> None:
        with pytest.raises(BadConfig, match=r"secrets/ami: this secret is missing; run `tocsin init`"):
            settings.secret("ami")
        with pytest.raises(BadConfig, match=r"secrets/smsc-a: this secret is missing; write it there"):
            settings.secret("smsc-a")

    @pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
    def test_that_are_no_text_are_refused_and_not_repeated(
        self, settings: Settings, secret: Path, content: bytes
    ) -> None:
        secret.write_bytes(content)

        with pytest.raises(BadConfig, match=r"secrets/ami: ") as refused:
            settings.secret("ami")
        assert repr(content) not in str(refused.value)

    @pytest.mark.parametrize("between", ["\n", "\t", "\x1b", "\xa0"])
    def test_that_are_no_line_of_text_are_refused_and_not_repeated(
        self, settings: Settings, secret: Path, between: str
    ) -> None:
        secret.write_text(f"open{between}sesame", encoding="utf-8")

        with pytest.raises(BadConfig, match=r"secrets/ami: .* must be one line") as refused:
            settings.secret("ami")
        assert "sesame" not in str(refused.value)
