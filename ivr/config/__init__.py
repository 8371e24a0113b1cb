"""The configuration: one frozen Settings, read and validated at start.

Owns: which keys there are and what their values may be. A relative path counts from the folder of the
configuration file. Secrets are never in the file: they stand one a file in the folder `secrets`.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ivr import yamlfile
from ivr.config import isdn, values
from ivr.config.bridge import Bridge
from ivr.config.calls import Calls
from ivr.config.isdn import Isdn
from ivr.config.mail import Gate, Mail
from ivr.config.network import Archive, Network, Pbx, Raising
from ivr.config.sms import Modem, Smsc
from ivr.config.trunk import Trunk
from ivr.domain.policy import Policy
from ivr.domain.recording import Limits
from ivr.yamlfile import BadFile

_SQLITE_FILE = "sqlite:///"


class BadConfig(Exception):
    """The configuration is wrong or not to be found. The message says what to do."""


@dataclass(frozen=True, slots=True)
class _File:
    network: Network
    trunks: tuple[Trunk | Isdn, ...]
    pbx: Pbx = field(default_factory=Pbx)
    policy: Policy = field(default_factory=Policy)
    calls: Calls = field(default_factory=Calls)
    smsc: tuple[Smsc | Modem, ...] = ()
    audio: Limits = field(default_factory=Limits)
    archive: Archive = field(default_factory=Archive)
    raising: Raising = field(default_factory=Raising)
    mail: Mail = field(default_factory=Mail)
    gate: Gate = field(default_factory=Gate)
    bridge: Bridge | None = None
    language: str = values.checked(values.language, default="en")
    state: Path = Path("state")
    recordings: Path = Path("recordings")
    secrets: Path = Path("secrets")
    store: str | None = values.checked(values.url, default=None)
    disk_reserve_mb: int = values.checked(values.within(8, 1024), default=16)

    def __post_init__(self) -> None:
        if not self.trunks:
            raise ValueError("trunks: name at least one trunk")
        for what, names in (("trunks", [t.name for t in self.trunks]), ("smsc", [s.name for s in self.smsc])):
            twice = {n for n in names if names.count(n) > 1}
            if twice:
                raise ValueError(f"{what}: the name {twice.pop()} is given twice")
        sip = _sip(self.trunks)
        isdn.check(self.trunks)
        ports = [trunk.tls_port for trunk in sip if trunk.tls]
        if len(set(ports)) < len(ports):
            raise ValueError("trunks: each one with tls needs a tls_port of its own")
        if self.pbx.rtp_last - self.pbx.rtp_first < 2 * sum(trunk.lines for trunk in sip):
            raise ValueError("pbx.rtp_first to rtp_last must hold two ports for each line of the SIP trunks")


def _sip(trunks: tuple[Trunk | Isdn, ...]) -> tuple[Trunk, ...]:
    return tuple(trunk for trunk in trunks if isinstance(trunk, Trunk))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an install can choose, with absolute paths."""

    path: Path
    network: Network
    trunks: tuple[Trunk | Isdn, ...]
    pbx: Pbx
    policy: Policy
    calls: Calls
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
    def sip(self) -> tuple[Trunk, ...]:
        """Those of the trunks that are SIP."""
        return _sip(self.trunks)

    @property
    def isdn(self) -> tuple[Isdn, ...]:
        """Those of the trunks that are ISDN."""
        return tuple(trunk for trunk in self.trunks if isinstance(trunk, Isdn))

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
        """The secret `name`. Raises BadConfig when it is absent or unfit, or others may read it."""
        path = self.secrets / name
        try:
            if path.stat().st_mode & 0o077:
                raise BadConfig(f"{path}: others may read this secret; run: chmod 600 '{path}'")
            secret = path.read_text(encoding="utf-8").strip()
        except UnicodeDecodeError:
            raise BadConfig(f"{path}: this secret is not UTF-8 text") from None
        except FileNotFoundError:
            how = "run `tocsin init`" if name == "ami" else "write it there as one line, and chmod 600 it"
            raise BadConfig(f"{path}: this secret is missing; {how}") from None
        except OSError as error:
            raise BadConfig(f"{path}: cannot be read: {error.strerror}") from error
        if not secret:
            raise BadConfig(f"{path}: this secret is empty")
        if not secret.isprintable():  # and whoever finds that later would repeat it
            raise BadConfig(f"{path}: this secret must be one line of characters that can be printed")
        return secret


def locate(given: str | None) -> Path:
    """The configuration file: --config, $TOCSIN_CONFIG, config/tocsin.yaml, /etc/tocsin/tocsin.yaml."""
    chosen = given or os.environ.get("TOCSIN_CONFIG")
    if chosen:
        return Path(chosen)
    here, installed = Path("config/tocsin.yaml"), Path("/etc/tocsin/tocsin.yaml")
    with suppress(PermissionError):  # `sudo -u tocsin` in root's own folder: there is nothing here for us
        if here.exists():
            return here
    if installed.exists():
        return installed
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
        trunks=tuple(t.below(base) if isinstance(t, Trunk) else t for t in file.trunks),
        pbx=file.pbx,
        policy=file.policy,
        calls=file.calls,
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
