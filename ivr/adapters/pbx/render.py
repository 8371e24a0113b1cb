"""Writes Asterisk's configuration for this install from the templates in `dialplan`.

Owns: what a value must look like to stand in a .conf file, and the sections that a trunk needs. Must not know
what becomes of the files: process.py runs them, or an Asterisk that the machine's own service manager runs.
"""

import ipaddress
import os
import re
import tempfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template

from ivr.adapters.pbx.process import run_folder
from ivr.config import Settings
from ivr.config.trunk import Trunk
from ivr.domain.endpoint import endpoint
from ivr.ports import Programs

FILES = tuple(
    f"{name}.conf"
    for name in "asterisk cdr cel confbridge extensions indications logger manager modules pjsip rtp".split()
)
"""What a configuration consists of. The templates beside these are parts of pjsip.conf."""

_EMPTY = tuple(f"{name}.conf" for name in "acl ccss features pjproject stasis udptl".split())
"""Read by Asterisk's core, which logs an error where one is absent. Everything in them is well by default."""

_GLOB = re.compile(r"[~*?\[\]{}\\]")


class Unfit(Exception):
    """A value of the configuration cannot stand in a file of Asterisk's. The message names it."""


class _Conf(Template):
    """`@@{name}`: Asterisk has `${name}` for itself."""

    delimiter = "@@"


def render(
    settings: Settings, programs: Programs, into: Path, *, patience_s: int = 30, pause_s: float = 0.5
) -> None:
    """Write the configuration into the folder `into`, readable by its owner alone: it holds secrets.

    `patience_s` is how long the dialplan tries to reach a service that does not answer, `pause_s` the silence
    in between. A second call changes nothing. Raises Unfit, and BadConfig where a secret is missing.
    """
    into = into.resolve()
    if _GLOB.search(str(into)):
        raise Unfit(
            f"{into}: Asterisk takes ~ * ? [ ] {{ }} and \\ in a path for a pattern: use another folder"
        )
    pbx = settings.pbx
    values = {
        "conf": into,
        "run": run_folder(into),
        "modules": programs.modules,
        "language": settings.language,
        "sip_bind": _in_uri(pbx.sip_bind),
        "sip_port": pbx.sip_port,
        "rtp_first": pbx.rtp_first,
        "rtp_last": pbx.rtp_last,
        "ami_port": pbx.ami_port,
        "ami_user": pbx.ami_user,
        "ami_secret": settings.secret("ami"),
        "agi_port": pbx.agi_port,
        "away": "tocsin/hotline-away" if settings.network.fallback else "tocsin/hotline-away-no-number",
        "patience_s": patience_s,
        "pause_s": pause_s,
    }
    trunks = "".join(_trunk(trunk, settings) for trunk in settings.trunks)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    into.chmod(0o700)
    for folder in (into / "data/sounds", into / "log", into / "var", run_folder(into)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in FILES:
        _write(into / name, _filled(name, values, trunks=trunks))
    for name in _EMPTY:
        _write(into / name, "; Nothing here on purpose.\n")
    _link(into / "data/documentation", programs.data / "documentation")
    _link(into / "data/sounds" / settings.language, programs.sounds)
    # Prompts get a name that holds no path: a comma or an ampersand in one would end the name in Playback().
    _link(into / "data/sounds/tocsin", settings.sounds / settings.language)


def _trunk(trunk: Trunk, settings: Settings) -> str:
    """The sections of one trunk in pjsip.conf."""
    host = _in_uri(trunk.host)
    shared = [t.host for t in settings.trunks].count(trunk.host) > 1
    values = {
        "name": trunk.name,
        "endpoint": endpoint(trunk.name),
        "host": host,
        "port": trunk.port,
        # Two trunks of one carrier are told apart by port, where there is a difference to see.
        "match": f"{host}:{trunk.port}" if shared else host.strip("[]"),
        "language": settings.language,
    }
    lines = {"media": _media(settings.pbx.sip_bind), "outbound_auth": ""}
    if trunk.username is None:
        return _filled("pjsip_trunk.conf", values, **lines)
    lines["outbound_auth"] = f"outbound_auth = {trunk.name}"
    login = values | {
        "username": trunk.username,
        "password": settings.secret(f"trunk-{trunk.name}"),
        "client_uri": f"sip:{trunk.username}@{host}:{trunk.port}",
        "hotline": settings.network.hotline,
    }
    return _filled("pjsip_trunk.conf", values, **lines) + _filled("pjsip_login.conf", login)


def _in_uri(host: str) -> str:
    """RFC 3261, 19.1.1: an IPv6 address stands in brackets before a port."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _media(sip_bind: str) -> str:
    """Sound goes where signalling goes. Asterisk would open every RTP port on all addresses."""
    try:
        address = ipaddress.ip_address(sip_bind.strip("[]"))
    except ValueError:
        return ""
    if address.is_unspecified:
        return ""
    return f"media_address = {address}\nbind_rtp_to_media_address = yes"


def _filled(template: str, values: Mapping[str, object], **lines: str) -> str:
    """The template with each of `values` as one value in its place, and with `lines` as they are."""
    text = resources.files("dialplan").joinpath(template).read_text(encoding="utf-8")
    return _Conf(text).substitute({name: _fitting(name, value) for name, value in values.items()}, **lines)


def _fitting(name: str, value: object) -> str:
    """`value` as text that stays one value in a .conf file."""
    text = str(value)
    if not text.isprintable():
        raise Unfit(f"{name}: {text!r} has a character that cannot stand in a file of Asterisk's")
    return text.replace(";", "\\;")


def _write(path: Path, text: str) -> None:
    if path.exists() and path.read_text(encoding="utf-8") == text and not path.stat().st_mode & 0o077:
        return
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mkstemp gives mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(draft).replace(path)


def _link(path: Path, target: Path) -> None:
    if path.is_symlink() and path.readlink() == target:
        return
    path.unlink(missing_ok=True)
    path.symlink_to(target)
