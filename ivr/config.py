"""The configuration: one frozen Settings, read and validated at start.

Owns: which keys there are and what their values may be. A relative path counts from the folder of the
configuration file. Secrets are never in the file: they stand one a file in the folder `secrets`.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ivr import yamlfile
from ivr.config_bridge import Bridge
from ivr.config_mail import Gate, Mail
from ivr.domain.enrol import address
from ivr.domain.number import subscriber
from ivr.domain.policy import Policy, between
from ivr.domain.recording import Limits
from ivr.domain.wording import ALERT_SMS, template
from ivr.yamlfile import BadFile

_SQLITE_FILE = "sqlite:///"


class BadConfig(Exception):
    """The configuration is wrong or not to be found. The message says what to do."""


def _within(low: int, high: int) -> Callable[[int], int]:
    def check(value: int) -> int:
        if not low <= value <= high:
            raise ValueError(f"must be between {low} and {high}, not {value}")
        return value

    return check


def _subscribers(numbers: tuple[str, ...]) -> tuple[str, ...]:
    checked = tuple(subscriber(number) for number in numbers)
    if len(set(checked)) < len(checked):
        raise ValueError("names a number twice")
    return checked


def _name(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > 60:
        raise ValueError("must be 1 to 60 printable characters")
    return text


def _slug(text: str) -> str:
    if not text or not all(c.isascii() and (c.isalnum() or c in "-_") for c in text) or len(text) > 30:
        raise ValueError("must be 1 to 30 letters, digits, - or _")
    return text


def _language(text: str) -> str:
    if not re.fullmatch("[a-z]{2,3}", text):
        raise ValueError("must be the code of a language, such as en (ISO 639)")
    return text


def _host(text: str) -> str:
    if not text or not all(c.isascii() and (c.isalnum() or c in "-.:[]") for c in text):
        raise ValueError("must be a host name or an IP address")
    return text


def _url(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(\+[a-z0-9_]+)?://\S*", text):  # not repeated: it may hold a password
        raise ValueError("must be an SQLAlchemy URL, such as postgresql+psycopg:///tocsin")
    return text


def _port(default: int) -> Any:
    return field(default=default, metadata={"check": _within(1, 65535)})


def _checked(check: Callable[[Any], Any], **kw: Any) -> Any:
    return field(metadata={"check": check}, **kw)


@dataclass(frozen=True, slots=True)
class Network:
    """The network of teams that this bell serves."""

    name: str = _checked(_name)
    """Spoken at the start of every call."""
    hotline: str = _checked(subscriber)
    """The hotline's number: caller ID of every call we make, and what the SMS says to call."""
    fallback: str | None = _checked(subscriber, default=None)
    """The number spoken when the service does not answer."""
    mail: str | None = _checked(address, default=None)
    """The address that letters to the teams come from."""
    spoken: str | None = None
    """How the name is to be spoken, where its written form would be read wrongly."""
    operators: tuple[str, ...] = _checked(_subscribers, default=())
    """Mobiles of those who run the network: an SMS tells them who was not reached, and how an alert ended."""
    duty_operator: str | None = _checked(subscriber, default=None)
    """Whom a caller who has logged in reaches with 0 in the help: called as any team is, within the lines."""
    sms_text: str = _checked(template, default=ALERT_SMS)
    """The SMS that there is an alert, with fields: see ivr.domain.wording."""
    report_after_s: float = _checked(between(60, 86_400), default=900.0)
    """After release: operators and originator are told how an alert goes that is still open, and the teams
    that have not acknowledged are reminded by SMS."""


@dataclass(frozen=True, slots=True)
class Pbx:
    """The Asterisk we stand behind, and how we and it find each other."""

    sip_bind: str = _checked(_host, default="127.0.0.1")
    sip_port: int = _port(5060)
    rtp_first: int = _port(10000)
    rtp_last: int = _port(10999)
    ami_port: int = _port(5038)
    agi_port: int = _port(4573)
    ami_user: str = _checked(_slug, default="tocsin")
    mirror: str | None = None
    """Address of a Debian mirror for `tocsin pbx install`; default: the one of this machine's apt."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """One SIP trunk to a carrier."""

    name: str = _checked(_slug)
    host: str = _checked(_host)
    lines: int = _checked(_within(1, 10_000))
    """Channels, for calls out and in together. The dialler never uses more."""
    port: int = _port(5060)
    username: str | None = _checked(_slug, default=None)
    """For digest authentication; the password is in secrets/trunk-NAME."""
    guard_s: float = _checked(between(0, 60), default=0.0)
    """How long a line rests after a call, where the carrier releases it later than we do."""
    cps: int | None = _checked(_within(1, 100), default=None)
    """Calls that may be started in a second. Default: no limit."""
    reserve: int = _checked(_within(0, 1000), default=0)
    """Lines kept free for callers; while they call, the dialler keeps more."""

    def __post_init__(self) -> None:
        if self.reserve >= self.lines:
            raise ValueError(f"reserve must be less than lines ({self.lines}), or no team is ever called")


@dataclass(frozen=True, slots=True)
class Smsc:
    """One SMPP 3.4 account with a mobile operator."""

    name: str = _checked(_slug)
    host: str = _checked(_host)
    system_id: str = _checked(_slug)
    port: int = _port(2775)
    source: str | None = _checked(_name, default=None)
    """Sender of the SMS: a number in E.164 or up to 11 letters. Default: the hotline's number."""
    window: int = _checked(_within(1, 100), default=10)
    """Submits that may be unanswered, or not yet on record, at once."""
    per_second: int | None = _checked(_within(1, 10_000), default=None)
    """Submits a second that the operator allows. Default: no limit but its throttling."""
    bind: Literal["transceiver", "transmitter+receiver"] = "transceiver"
    """One session for both directions, or one for each, where the operator wants that."""
    tls: bool = False
    """The certificate must be good for `host`."""
    ca: Path | None = None
    """PEM file of the certificate authorities to trust. Default: those of this machine."""

    def __post_init__(self) -> None:
        if self.ca is not None and not self.tls:
            raise ValueError("ca is of use with `tls: true` only")


@dataclass(frozen=True, slots=True)
class Modem:
    """A GSM modem behind smsd, the daemon of SMS Server Tools 3."""

    spool: Path
    """The folder in which smsd's folders are: outgoing, checked, sent, failed, incoming, report."""
    name: str = _checked(_slug)
    window: int = _checked(_within(1, 50), default=4)
    """SMS that may be in the spool, or not yet on record, at once."""
    patience_s: float = _checked(between(5, 3600), default=120.0)
    """For so long smsd may move none of them; then they go another way."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What is kept of alerts."""

    keep_days: int | None = field(default=None, metadata={"key": "keep-days", "check": _within(1, 36_500)})
    """After the end of an alert: then its recording, the texts of its SMS and whole numbers are erased.
    None: they stay."""


@dataclass(frozen=True, slots=True)
class Raising:
    """What a caller is asked before an alert is sent, beyond whether the information is confirmed."""

    ask_tlp: bool = field(default=False, metadata={"key": "ask-tlp"})
    """With whom it may be shared, Traffic Light Protocol."""
    ask_severity: bool = field(default=False, metadata={"key": "ask-severity"})
    """How bad it is; else medium."""


@dataclass(frozen=True, slots=True)
class _File:
    network: Network
    trunks: tuple[Trunk, ...]
    pbx: Pbx = Pbx()
    policy: Policy = field(default_factory=Policy)
    smsc: tuple[Smsc | Modem, ...] = ()
    audio: Limits = field(default_factory=Limits)
    archive: Archive = Archive()
    raising: Raising = Raising()
    mail: Mail = field(default_factory=Mail)
    gate: Gate = field(default_factory=Gate)
    bridge: Bridge | None = None
    language: str = _checked(_language, default="en")
    state: Path = Path("state")
    recordings: Path = Path("recordings")
    secrets: Path = Path("secrets")
    store: str | None = _checked(_url, default=None)
    disk_reserve_mb: int = _checked(_within(8, 1024), default=16)

    def __post_init__(self) -> None:
        if not self.trunks:
            raise ValueError("trunks: name at least one trunk")
        for what, names in (("trunks", [t.name for t in self.trunks]), ("smsc", [s.name for s in self.smsc])):
            twice = {n for n in names if names.count(n) > 1}
            if twice:
                raise ValueError(f"{what}: the name {twice.pop()} is given twice")
        if self.pbx.rtp_last - self.pbx.rtp_first < 2 * sum(t.lines for t in self.trunks):
            raise ValueError("pbx.rtp_first to rtp_last must hold two ports for each line of the trunks")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an install can choose, with absolute paths."""

    path: Path
    network: Network
    trunks: tuple[Trunk, ...]
    pbx: Pbx
    policy: Policy
    smsc: tuple[Smsc | Modem, ...]
    """Who takes our SMS, in order of preference."""
    audio: Limits
    archive: Archive
    raising: Raising
    mail: Mail
    gate: Gate
    """With the path of its socket."""
    bridge: Bridge | None
    """None: there is no mail bridge."""
    language: str
    state: Path
    """Folder of what the service keeps: the store, rendered prompts, Asterisk's run folders."""
    recordings: Path
    secrets: Path
    store: str
    """SQLAlchemy URL."""
    disk_reserve_mb: int
    """Megabytes (of 2^20 octets) kept on the disk of an SQLite store, for the facts of a full disk.
    SQLite's log takes about 4 of them before it uses its room again."""

    @property
    def database(self) -> Path | None:
        """The file of an SQLite store; None where it is no file of ours."""
        path = self.store.removeprefix(_SQLITE_FILE)
        return None if path == self.store else Path(path)

    @property
    def sounds(self) -> Path:
        """Folder of the rendered prompts."""
        return self.state / "sounds"

    def secret(self, name: str) -> str:
        """The secret `name`. Raises BadConfig when it is absent or others may read it."""
        path = self.secrets / name
        try:
            if path.stat().st_mode & 0o077:
                raise BadConfig(f"{path}: others may read this secret; run: chmod 600 '{path}'")
            secret = path.read_text(encoding="utf-8").strip()
        except UnicodeDecodeError:
            raise BadConfig(f"{path}: this secret is not UTF-8 text") from None
        except FileNotFoundError:
            raise BadConfig(f"{path}: this secret is missing; `tocsin init` makes those of our own") from None
        except OSError as error:
            raise BadConfig(f"{path}: cannot be read: {error.strerror}") from error
        if not secret:
            raise BadConfig(f"{path}: this secret is empty")
        return secret


def locate(given: str | None) -> Path:
    """The configuration file: --config, $TOCSIN_CONFIG, config/tocsin.yaml, /etc/tocsin/tocsin.yaml."""
    chosen = given or os.environ.get("TOCSIN_CONFIG")
    if chosen:
        return Path(chosen)
    for path in (Path("config/tocsin.yaml"), Path("/etc/tocsin/tocsin.yaml")):
        if path.exists():
            return path
    raise BadConfig("no configuration: run `tocsin init`, or name one with --config FILE")


def load(path: Path) -> Settings:
    """Read and validate the configuration. Raises BadConfig with file, line and key."""
    try:
        file = yamlfile.read(path, _File)
    except BadFile as error:
        raise BadConfig(str(error)) from error
    base = path.resolve().parent
    state = base / file.state
    return Settings(
        path=path.resolve(),
        network=file.network,
        trunks=file.trunks,
        pbx=file.pbx,
        policy=file.policy,
        smsc=tuple(replace(s, spool=base / s.spool) if isinstance(s, Modem) else s for s in file.smsc),
        audio=file.audio,
        archive=file.archive,
        raising=file.raising,
        mail=file.mail,
        gate=replace(file.gate, socket=base / file.gate.socket if file.gate.socket else state / "gate"),
        bridge=replace(file.bridge, state=base / file.bridge.state) if file.bridge else None,
        language=file.language,
        state=state,
        recordings=base / file.recordings,
        secrets=base / file.secrets,
        disk_reserve_mb=file.disk_reserve_mb,
        store=file.store or f"{_SQLITE_FILE}{state / 'tocsin.db'}",
    )
