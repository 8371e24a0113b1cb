"""What `tocsin doctor` finds out about alerts by mail: gate, bridge, the list's keys, mail server.

Owns: what of that may be away. The telephones wait for none of it, so each check says what waits meanwhile.
"""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.cli.common import Args, house
from ivr.cli.ill import Ill

if TYPE_CHECKING:
    from ivr.config import Settings
    from ivr.config.bridge import Bridge

_PATIENCE_S = 3.0
_AHEAD_S = 30 * 86_400.0


def by_mail(chosen: "Settings") -> Iterator[tuple[str, Callable[[], str]]]:
    """The checks by name, of an install that takes alerts by mail. Each raises Ill, BadConfig, GpgUnfit."""
    if chosen.bridge is not None or chosen.gate.users:
        yield "gate", partial(_gate, chosen)
    if chosen.bridge is not None:
        yield "bridge", partial(_bridge, chosen, chosen.bridge)
        yield "bridge keys", partial(_keys, chosen, chosen.bridge)
        yield "mail server", partial(_server, chosen, chosen.bridge)


def _gate(chosen: "Settings") -> str:
    from ivr.adapters.gate.client import GateClient, GateError

    where = chosen.gate.socket
    assert where is not None
    try:
        with GateClient(where, _PATIENCE_S) as gate:
            members = len(gate.members())
    except GateError as error:
        raise Ill(
            f"{error}; does `tocsin serve` run, and is this user in gate.users? Mail waits meanwhile"
        ) from error
    return f"{where} answers; {members} teams take part by mail"


def _bridge(chosen: "Settings", bridge: "Bridge") -> str:
    folder = bridge.state
    if not folder.is_dir():
        raise Ill(f"{folder} is not there; run `tocsin serve bridge`, which makes it")
    if folder.stat().st_mode & 0o067:  # a group may pass through, to the socket
        raise Ill(f"{folder}: others may look into it; run: chmod 700 '{folder}'")
    where = bridge.port or bridge.socket
    if not _greets(where):
        raise Ill(f"nothing takes mail at {where}; run `tocsin serve bridge`: mail waits with its server")
    shared = folder.stat().st_uid == chosen.state.stat().st_uid
    return f"takes mail at {where}, as {'the user of the service' if shared else 'a user of its own'}"


def _greets(where: int | Path) -> bool:
    """Whether there is a server that says something: one that hangs takes connections."""
    from ivr.adapters.gate.address import address

    kind = socket.AF_INET if isinstance(where, int) else socket.AF_UNIX
    try:
        with socket.socket(kind) as peer:
            peer.settimeout(_PATIENCE_S)
            if isinstance(where, int):
                peer.connect(("127.0.0.1", where))
            else:
                with address(where) as short:
                    peer.connect(short)
            return peer.recv(3) == b"220"
    except OSError:
        return False


def _keys(chosen: "Settings", bridge: "Bridge") -> str:
    if bridge.state.is_dir() and not os.access(bridge.state, os.R_OK | os.W_OK | os.X_OK):
        return f"in {bridge.state}, for its user alone; run this as that user"
    return f"OpenPGP {_openpgp(chosen, bridge)}; S/MIME {_smime(bridge)}"


def _openpgp(chosen: "Settings", bridge: "Bridge") -> str:
    from ivr.adapters.gpg_look import look
    from ivr.adapters.pgp.ring import KeyRing

    home = bridge.state / "openpgp"
    _, own = look(home)
    if own is None:
        raise Ill(f"{home}: the list has no key; run `tocsin serve bridge`, which makes one")
    with KeyRing(home, chosen.network.name, f"alerts@{bridge.domain}") as ring:
        now = datetime.now(UTC).timestamp()
        whys = (ring.key(own).failing(use, now, _AHEAD_S) for use in "es")
        if why := next(filter(None, whys), None):
            raise Ill(f"the list's OpenPGP key {own} {why}; extend it, and let the members have it anew")
    return own


def _smime(bridge: "Bridge") -> str:
    from ivr.adapters.smime import SmimeError, own
    from ivr.adapters.smime.certificates import expires_at, fingerprint

    try:
        certificate = own.load(bridge.state / "smime").pair.certificate
    except SmimeError as error:
        raise Ill(f"{error}; run `tocsin serve bridge`, which makes what was never there") from error
    end = datetime.fromtimestamp(expires_at(certificate), UTC)
    if end.timestamp() - datetime.now(UTC).timestamp() < _AHEAD_S:
        raise Ill(f"the list's certificate ends on {end:%Y-%m-%d}; docs/smime.md tells how to have another")
    return f"{fingerprint(certificate)} until {end:%Y-%m-%d}"


def members_keys(args: Args) -> str:
    """As the bridge has told last, which the service keeps. Raises Ill, BadConfig, StoreAway."""
    from ivr.domain.keywatch import how
    from ivr.domain.records import FailingKey, MailKey

    with house(args) as here, here.store.read() as tx:
        now = {key.fingerprint for key in tx.find(MailKey)}  # it looks once an hour
        found = [key for key in tx.find(FailingKey) if key.team is None or key.what in now]
    failing = sorted(found, key=lambda key: (key.days, key.team or ""))
    told = "; ".join(f"{key.team or 'of our own, one'} {how(key.days)}: {key.why}" for key in failing)
    if any(key.days == 0 for key in failing):
        raise Ill(f"{told}; ask those teams for new ones, then: tocsin team import FILE")
    return told or "none fails, as far as the bridge has told"


def _server(chosen: "Settings", bridge: "Bridge") -> str:
    """Whether it is there, and with TLS whether it is who we think; no account is used."""
    from ivr.adapters import sendmail
    from ivr.bridge.sending import BySmtp, NotNow
    from ivr.bridge.tools import trusted

    if bridge.smtp is None:
        if not sendmail.is_there():
            raise Ill("sendmail is not there; install a mail server, or name one in bridge.smtp")
        return "mail goes out by sendmail"
    server = replace(bridge.smtp, user=None)
    known = trusted(chosen.path.parent, server.ca)
    try:
        with BySmtp(server, bridge.domain, None, known, _PATIENCE_S)():
            pass
    except NotNow as error:
        raise Ill(f"{error}; mail waits until it does") from error
    return f"{server.host}:{server.port} answers" + (", its certificate is good" if server.starttls else "")
