"""What `tocsin doctor` finds out about trunks before anybody is called: forms of numbers, and certificates.

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
        found.append(told)
    return "; ".join(found)


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
