"""Writes Asterisk's configuration for this install from the templates in `dialplan`.

Owns: which files there are and where. Must not know what becomes of them: process.py runs them, or an
Asterisk that the machine's own service manager runs.
"""

import os
import re
import tempfile
from pathlib import Path

from ivr.adapters.pbx import render_sip
from ivr.adapters.pbx.process import run_folder
from ivr.adapters.pbx.template import Unfit, filled
from ivr.config import Settings
from ivr.ports import Programs

FILES = tuple(
    f"{name}.conf"
    for name in "asterisk cdr cel confbridge extensions indications logger manager modules pjsip rtp".split()
)
"""What a configuration consists of. The templates beside these are parts of pjsip.conf."""

_EMPTY = tuple(f"{name}.conf" for name in "acl ccss features pjproject stasis udptl".split())
"""Read by Asterisk's core, which logs an error where one is absent. Everything in them is well by default."""

_GLOB = re.compile(r"[~*?\[\]{}\\]")


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
        "sip_bind": render_sip.in_uri(pbx.sip_bind),
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
    lines = {"trunks": render_sip.trunks(settings), "srtp": render_sip.modules(settings)}
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    into.chmod(0o700)
    for folder in (into / "data/sounds", into / "log", into / "var", run_folder(into)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in FILES:
        _write(into / name, filled(name, values, **lines))
    for name in _EMPTY:
        _write(into / name, "; Nothing here on purpose.\n")
    _link(into / "data/documentation", programs.data / "documentation")
    _link(into / "data/sounds" / settings.language, programs.sounds)
    # Prompts get a name that holds no path: a comma or an ampersand in one would end the name in Playback().
    _link(into / "data/sounds/tocsin", settings.sounds / settings.language)


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
