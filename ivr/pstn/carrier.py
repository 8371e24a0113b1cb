"""What carrier the practice network is on its trunk: in the clear or over TLS, by address or by login.

Owns: the lines of conf/pjsip.conf that say so, and what a trunk to it must be like. Knows nothing of phones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tls:
    """Signalling over TLS, certificates demanded both ways, and speech encrypted (SDES)."""

    ca: Path
    certificate: Path
    key: Path

    @property
    def files(self) -> Mapping[str, Path]:
        """By the names under which Asterisk is to see them."""
        return {"ca.pem": self.ca, "certificate.pem": self.certificate, "key.pem": self.key}


@dataclass(frozen=True, slots=True)
class Login:
    """The hotline registers, and answers for each call it makes."""

    user: str
    password: str
    expires_s: int = 60
    """How long a registration holds at most, seconds."""


@dataclass(frozen=True, slots=True)
class Carrier:
    tls: Tls | None = None
    login: Login | None = None

    def demands(self, tls_port: int) -> Mapping[str, object]:
        """Keys of a trunk to it, as the configuration has them; `tls_port` is the hotline's."""
        keys: dict[str, object] = {}
        if self.tls:
            keys |= {"tls": True, "ca": str(self.tls.ca), "tls_port": tls_port, "srtp": "sdes"}
        if self.login:
            keys |= {"username": self.login.user}
        return keys

    def lines(self, run: Path, hotline_port: int) -> Mapping[str, str]:
        """What fills conf/pjsip.conf; `run` is where the files of TLS are linked."""
        over_tls, login = self.tls is not None, self.login
        certificates = (
            f"ca_list_file = {run}/ca.pem\ncert_file = {run}/certificate.pem\npriv_key_file = {run}/key.pem\n"
            "method = tlsv1_2\nverify_server = yes\nverify_client = yes\nrequire_client_cert = yes"
        )
        contact = f"contact = sip:127.0.0.1:{hotline_port}" + (r"\;transport=tls" if over_tls else "")
        return {
            "transport": f"protocol = tls\n{certificates}" if over_tls else "protocol = udp",
            "media": "media_encryption = sdes" if over_tls else "",
            "aor": login.user if login else "hotline",
            "auth": "auth = hotline" if login else "",
            "user": login.user if login else "nobody",
            "password": login.password if login else "nobody",
            "contact": _registered(login) if login else contact,
        }


def _registered(login: Login) -> str:
    return f"max_contacts = 1\nremove_existing = yes\nmaximum_expiration = {login.expires_s}"
