"""What `tocsin doctor` finds out about trunks before anybody is called: forms of numbers,
certificates, and whether Asterisk knows ISDN.

Owns: how long before its end a certificate of ours is spoken of. Whether a trunk works, `tocsin lines` tells.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivr.config import Settings

_SOON = timedelta(days=21)


def trunks(chosen: "Settings") -> str:
    """Raises BadConfig."""
    from ivr import bootstrap
    from ivr.adapters.pbx.render_sip import look_at
    from ivr.config.isdn import Isdn
    from ivr.config.trunk import Trunk

    bootstrap.dialling(chosen)
    found = []
    for trunk in chosen.trunks:
        told = trunk.name
        if isinstance(trunk, Trunk) and trunk.tls:
            look_at(trunk)
            told += ", TLS"
            if trunk.certificate:
                told += f", our certificate is good until {_end(trunk.name, trunk.certificate)}"
        if isinstance(trunk, Isdn):
            _look_for_dahdi(trunk.name)
            told += f", ISDN, {trunk.lines} lines"
        found.append(told)
    return "; ".join(found)


def _look_for_dahdi(name: str) -> None:
    """Raises BadConfig where our Asterisk knows no ISDN, PbxMissing where there is none."""
    from ivr.adapters.pbx.tree import find_programs
    from ivr.config import BadConfig

    module = find_programs().modules / "chan_dahdi.so"
    if not module.exists():
        raise BadConfig(f"trunk {name}: there is no {module}: install asterisk-dahdi")


def _end(name: str, certificate: Path) -> str:
    """The day on which it ends. Raises BadConfig where that is soon."""
    from cryptography import x509

    from ivr.config import BadConfig

    ends = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    if ends - datetime.now(UTC) < _SOON:
        raise BadConfig(
            f"trunk {name}: {certificate} ends on {ends:%Y-%m-%d}: have it renewed, restart Asterisk"
        )
    return f"{ends:%Y-%m-%d}"
