"""Asterisk's configuration as rendered: what it allows, and that no value gets out of its place."""

import re
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from certificates import Authority
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ivr import config
from ivr.adapters.pbx.render import render
from ivr.adapters.pbx.template import Unfit, fitting
from ivr.adapters.pbx.tree import Tree
from ivr.config.trunk import Trunk
from ivr.ports import Programs

CONFIG = """
network: {name: Net, hotline: "+4940808077555"}
trunks:
- {name: sip-a, host: 192.0.2.1, lines: 4}
- {name: sip-b, host: sip.example.net, port: 5080, lines: 2, username: tocsin-b}
"""

Sections = list[tuple[str, list[tuple[str, str]]]]


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """The real class over a folder that is laid out like a tree."""
    for file in ("lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "share/asterisk/sounds/en/beep.wav"):
        path = tmp_path / "tree/usr" / file
        path.parent.mkdir(parents=True)
        path.touch()
    (tmp_path / "tree/usr/share/asterisk/documentation").mkdir()
    return Tree(tmp_path / "tree")


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    (tmp_path / "tocsin.yaml").write_text(CONFIG)
    (tmp_path / "secrets").mkdir()
    for name in ("ami", "trunk-sip-b"):
        secret(tmp_path, name, f"secret of {name}")
    return config.load(tmp_path / "tocsin.yaml")


def secret(folder: Path, name: str, value: str) -> None:
    (folder / "secrets" / name).touch(mode=0o600)
    (folder / "secrets" / name).write_text(value, encoding="utf-8")


def read(file: Path) -> Sections:
    """The file as Asterisk's parser reads it: `;` begins a comment, unless a backslash is before it."""
    sections: Sections = []
    for raw in file.read_text(encoding="utf-8").split("\n"):
        line = re.sub(r"(?<!\\);.*", "", raw).replace("\\;", ";").strip()
        if line.startswith("["):
            sections.append((line[1 : line.index("]")], []))
        elif line:
            assert not line.startswith("#"), "a directive"
            key, value = re.split(r"\s*=>?\s*", line, maxsplit=1)
            sections[-1][1].append((key, value))
    return sections


def section(file: Path, name: str, kind: str | None = None) -> dict[str, str]:
    found = [dict(lines) for title, lines in read(file) if title == name]
    return next(lines for lines in found if kind is None or lines.get("type") == kind)


def test_what_is_written_is_its_owners_alone(
    settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    into = tmp_path / "pbx"
    render(settings, programs, into)
    assert stat.S_IMODE(into.stat().st_mode) == 0o700
    files = [path for path in into.iterdir() if path.is_file()]
    assert {"asterisk.conf", "extensions.conf", "manager.conf", "pjsip.conf"} <= {path.name for path in files}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert "@@" not in "".join(path.read_text() for path in files)


def test_a_second_time_changes_nothing_and_a_change_comes_through(
    settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    into = tmp_path / "pbx"
    render(settings, programs, into)
    before = {path: path.lstat() for path in into.rglob("*")}
    render(settings, programs, into)
    assert {path: path.lstat().st_ino for path in into.rglob("*")} == {p: s.st_ino for p, s in before.items()}

    (into / "manager.conf").chmod(0o644)
    render(replace(settings, pbx=replace(settings.pbx, agi_port=4999)), programs, into)
    assert "agi://127.0.0.1:4999/" in (into / "extensions.conf").read_text()
    assert stat.S_IMODE((into / "manager.conf").stat().st_mode) == 0o600


AWKWARD = st.text(
    st.characters(blacklist_categories=("C", "Z")) | st.sampled_from(";\\\"'[]=>#$%{}@ "), min_size=1
)


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ami=AWKWARD.filter(str.strip), password=AWKWARD.filter(str.strip))
def test_no_secret_gets_out_of_its_place(
    ami: str, password: str, settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    into = tmp_path / "pbx"
    render(settings, programs, into)
    plain = {file: [title for title, _ in read(into / file)] for file in ("manager.conf", "pjsip.conf")}
    secret(tmp_path, "ami", ami)
    secret(tmp_path, "trunk-sip-b", password)
    render(settings, programs, into)
    assert section(into / "manager.conf", "tocsin")["secret"] == ami.strip()
    assert section(into / "pjsip.conf", "sip-b", "auth")["password"] == password.strip()
    for file, titles in plain.items():
        assert [title for title, _ in read(into / file)] == titles


@pytest.mark.parametrize("break_", ["\n", "\r", "\0", "\x1b", "\u2028", "\x85"])
def test_a_control_character_is_refused(
    break_: str, settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    with pytest.raises(Unfit, match="language"):
        fitting("language", f"a{break_}[general]")
    secret(tmp_path, "ami", f"a{break_}[general]")
    with pytest.raises(config.BadConfig) as refused:
        render(settings, programs, tmp_path / "pbx")
    assert "general" not in str(refused.value)


def test_a_folder_that_asterisk_cannot_read_from_is_refused(
    settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    with pytest.raises(Unfit, match="another folder"):
        render(settings, programs, tmp_path / "pbx [new]")
    render(settings, programs, tmp_path / "a; b, c & d/pbx")
    paths = section(tmp_path / "a; b, c & d/pbx/asterisk.conf", "directories")
    assert paths["astetcdir"] == str(tmp_path / "a; b, c & d/pbx")


def test_only_a_trunk_with_a_username_registers(
    settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    render(settings, programs, tmp_path / "pbx")
    pjsip = tmp_path / "pbx/pjsip.conf"
    kinds = [(name, dict(lines)["type"]) for name, lines in read(pjsip)]
    assert [kind for name, kind in kinds if name == "sip-a"] == ["aor", "identify"]
    assert [kind for name, kind in kinds if name == "sip-b"] == [
        "aor",
        "identify",
        "auth",
        "registration",
    ]
    assert section(pjsip, "sip-b", "registration")["client_uri"] == "sip:tocsin-b@sip.example.net:5080"
    assert section(pjsip, "to@sip-b", "endpoint")["outbound_auth"] == "sip-b"
    for name in ("sip-a", "sip-b"):
        endpoint = section(pjsip, f"to@{name}", "endpoint")
        assert section(pjsip, name, "identify")["endpoint"] == f"to@{name}"
        assert endpoint["redirect_method"] == "uri_core"
        assert endpoint["context"] == "hotline"
        assert endpoint["allow"] == "alaw,ulaw"
        assert endpoint["dtmf_mode"] == "auto"
        assert endpoint["direct_media"] == endpoint["timers"] == endpoint["allow_transfer"] == "no"
        assert int(endpoint["rtp_timeout"]) > 0


def test_trunks_of_one_host_are_told_apart_by_port(
    settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    first, second = settings.trunks
    render(replace(settings, trunks=(first, replace(second, host=first.host))), programs, tmp_path / "pbx")
    pjsip = tmp_path / "pbx/pjsip.conf"
    assert section(pjsip, "sip-a", "identify")["match"] == "192.0.2.1:5060"
    assert section(pjsip, "sip-b", "identify")["match"] == "192.0.2.1:5080"


@pytest.fixture
def tls(settings: config.Settings, tmp_path: Path) -> Trunk:
    """A trunk with TLS, and its certificates."""
    authority = Authority(tmp_path, "ca")
    shown = authority.certify("ours; with [brackets]", "192.0.2.9")
    more = {"ca": authority.pem, "certificate": shown.certificate, "key": shown.key}
    return replace(settings.trunks[1], tls=True, mutual=True, srtp="sdes", **more)


def test_a_trunk_with_tls_has_a_transport_and_a_context_of_its_own(
    settings: config.Settings, programs: Programs, tmp_path: Path, tls: Trunk
) -> None:
    plain = settings.trunks[0]
    render(replace(settings, trunks=(plain, tls)), programs, tmp_path / "pbx")
    pjsip = tmp_path / "pbx/pjsip.conf"
    transport = section(pjsip, "tls-sip-b")
    assert (transport["protocol"], transport["bind"]) == ("tls", "127.0.0.1:5061")
    assert (transport["ca_list_file"], transport["cert_file"]) == (str(tls.ca), str(tls.certificate))
    assert {transport[key] for key in ("verify_server", "verify_client", "require_client_cert")} == {"yes"}
    endpoint = section(pjsip, "to@sip-b", "endpoint")
    assert (endpoint["transport"], endpoint["context"]) == ("tls-sip-b", "hotline-tls")
    assert (endpoint["media_encryption"], endpoint["media_encryption_optimistic"]) == ("sdes", "no")
    assert section(pjsip, "sip-b", "aor")["contact"] == "sip:sip.example.net:5080;transport=tls"
    registration = section(pjsip, "sip-b", "registration")
    assert registration["transport"] == "tls-sip-b"
    assert registration["server_uri"] == "sip:sip.example.net:5080;transport=tls"
    assert section(pjsip, "to@sip-a", "endpoint")["context"] == "hotline"
    assert "res_srtp.so" in (tmp_path / "pbx/modules.conf").read_text()


def test_srtp_is_asked_of_asterisk_only_where_a_trunk_needs_it(
    settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    render(settings, programs, tmp_path / "pbx")
    assert "res_srtp.so" not in (tmp_path / "pbx/modules.conf").read_text()


def test_a_certificate_that_cannot_be_used_is_named(
    settings: config.Settings, programs: Programs, tmp_path: Path, tls: Trunk
) -> None:
    def told(**wrong: Path) -> str:
        with pytest.raises(config.BadConfig) as refused:
            render(replace(settings, trunks=(replace(tls, **wrong),)), programs, tmp_path / "pbx")
        return str(refused.value)

    assert tls.key is not None
    other = Authority(tmp_path, "other").certify("theirs", "192.0.2.8")
    assert "sip-b: ca: No such file" in told(ca=tmp_path / "absent.pem")
    assert "sip-b: ca: " in told(ca=tls.key)
    assert "certificate and key: KEY_VALUES_MISMATCH" in told(key=other.key)
    tls.key.chmod(0o640)
    assert f"run: chmod 600 '{tls.key}'" in told()


@pytest.mark.parametrize(
    ("address", "bind", "media"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "0.0.0.0", None),  # noqa: S104 -- only written down
        ("::1", "[::1]", "::1"),
        ("[::]", "[::]", None),
    ],
)
def test_sound_goes_where_signalling_goes(
    address: str, bind: str, media: str | None, settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    render(replace(settings, pbx=replace(settings.pbx, sip_bind=address)), programs, tmp_path / "pbx")
    pjsip = tmp_path / "pbx/pjsip.conf"
    assert section(pjsip, "udp")["bind"] == f"{bind}:5060"
    endpoint = section(pjsip, "to@sip-a", "endpoint")
    assert endpoint.get("media_address") == media
    assert endpoint.get("bind_rtp_to_media_address") == ("yes" if media else None)


def test_the_dialplan_reaches_the_hotline_and_nothing_else(
    settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    render(settings, programs, tmp_path / "pbx")
    text = (tmp_path / "pbx/extensions.conf").read_text()
    steps = re.findall(r"^(?:exten => [^,]+,1|\s*same => n(?:\(\w+\))?),(\w+)\((.*)\)$", text, re.M)
    assert len(steps) == len(re.findall(r"^(?:exten|\s*same)\b", text, re.M)), "a line this test cannot read"
    assert {name for name, _ in steps} == {
        "AGI", "Answer", "Goto", "GotoIf", "Hangup", "Playback", "PlayTones", "Set", "Wait",
    }  # fmt: skip
    assert {args for name, args in steps if name == "Goto"} == {
        "s,1", "hotline,s,1", "serve,s,1", "try",
    }  # fmt: skip
    # Nothing that a caller sends: no CALLERID, EXTEN, header, and no function that evaluates.
    assert set(re.findall(r"\$\{([^}]*)\}", text)) == {
        "AGIEXITONHANGUP", "AGISTATUS", "AWAY", "BEGAN", "EPOCH", "HOLD", "MEDIA", "SCRIPT", "TOCSIN_DONE",
        "TRIES", "UNTIL", "CHANNEL(pjsip,local_addr)", "CHANNEL(rtp,secure,audio)",
    }  # fmt: skip
    assert re.findall(r"^\[([\w-]+)\]", text, re.M) == [
        "general", "hotline", "hotline-tls", "callout", "errand", "serve",
    ]  # fmt: skip
    assert "include" not in text


def test_the_farewell_names_a_number_only_if_there_is_one(
    settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    into = tmp_path / "pbx"
    render(settings, programs, into)
    assert "AWAY=tocsin/hotline-away-no-number)" in (into / "extensions.conf").read_text()
    other = replace(settings.network, fallback="+4940808077556")
    render(replace(settings, network=other), programs, into)
    assert "AWAY=tocsin/hotline-away)" in (into / "extensions.conf").read_text()


def test_ami_is_for_this_machine_and_has_no_more_rights_than_the_dialler_uses(
    settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    render(settings, programs, tmp_path / "pbx")
    manager = tmp_path / "pbx/manager.conf"
    assert section(manager, "general")["bindaddr"] == "127.0.0.1"
    account = section(manager, "tocsin")
    assert account["read"] == "call,system"
    assert set(account["write"].split(",")) == {"originate", "call", "reporting"}
    assert account["permit"] == "127.0.0.1/255.255.255.255"


def test_no_log_holds_keys_and_no_module_reaches_the_machine(
    settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    render(settings, programs, tmp_path / "pbx")
    assert section(tmp_path / "pbx/logger.conf", "logfiles") == {"messages": "notice,warning,error"}
    modules = read(tmp_path / "pbx/modules.conf")
    assert ("autoload", "no") in modules[0][1]
    named = {value.removesuffix(".so") for key, value in modules[0][1] if key != "autoload"}
    harmful = {"app_system", "app_dial", "app_exec", "app_originate", "func_shell", "func_curl", "pbx_spool",
               "res_pjsip_refer", "res_pjsip_endpoint_identifier_anonymous", "res_http_websocket",
               "res_pjsip_messaging", "res_parking", "app_chanspy", "app_mixmonitor"}  # fmt: skip
    assert not named & harmful


def test_a_missing_secret_says_which(settings: config.Settings, programs: Programs, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "secrets")
    with pytest.raises(config.BadConfig, match="ami"):
        render(settings, programs, tmp_path / "pbx")


def test_nothing_that_could_record_a_callee_is_loaded_or_called(
    settings: config.Settings, programs: Programs, tmp_path: Path
) -> None:
    """MixMonitor would record a conference, and is not there. For scripts: test_never_recorded.py."""
    render(settings, programs, tmp_path / "conf")
    modules = [value for _, lines in read(tmp_path / "conf/modules.conf") for _, value in lines]
    applications = {name for name in modules if name.startswith("app_")}
    assert applications == {"app_playback.so", "app_playtones.so", "app_confbridge.so"}
    assert not [name for name in modules if re.search("monitor|audiosocket|stasis|ari|audiohook", name)]
    dialplan = (tmp_path / "conf/extensions.conf").read_text(encoding="utf-8")
    assert "AGI(" in dialplan
    assert section(tmp_path / "conf/confbridge.conf", "default_bridge")["record_conference"] == "no"
    assert not re.search("monitor|record|spy|dictate|audiosocket", dialplan, re.IGNORECASE)
    user = section(tmp_path / "conf/manager.conf", settings.pbx.ami_user)
    assert not {"command", "system", "config", "agi", "all"} & set(user["write"].split(","))
