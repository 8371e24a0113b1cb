"""The sections of pjsip.conf that SIP trunks need, and the modules.

Owns: what a trunk's settings become for PJSIP. Certificates are looked at here, for an Asterisk that cannot
read one starts all the same, without the trunk.
"""

import ipaddress
import ssl

from ivr.adapters.pbx import dialstring
from ivr.adapters.pbx.template import filled, fitting
from ivr.config import BadConfig, Settings
from ivr.config.trunk import Trunk
from ivr.domain.endpoint import endpoint


def trunks(settings: Settings) -> str:
    """Raises Unfit, and BadConfig for a secret or a certificate that is missing or unfit."""
    return "".join(_trunk(trunk, settings) for trunk in settings.sip)


def modules(settings: Settings) -> str:
    """Those that only some trunks need: an Asterisk may have been built without them."""
    return "require = res_srtp.so" if any(trunk.srtp for trunk in settings.sip) else ""


def in_uri(host: str) -> str:
    """RFC 3261, 19.1.1: an IPv6 address stands in brackets before a port."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _trunk(trunk: Trunk, settings: Settings) -> str:
    host = in_uri(trunk.host)
    shared = [t.host for t in settings.sip].count(trunk.host) > 1
    address = f"sip:{host}:{trunk.port}"
    values = {
        "name": trunk.name,
        "endpoint": endpoint(trunk.name),
        "from_user": trunk.from_user or dialstring.caller_id(trunk, settings.network.hotline)[1:-1],
        "transport": f"tls-{trunk.name}" if trunk.tls else "udp",
        "context": "hotline-tls" if trunk.tls else "hotline",
        "uri": f"{address};transport=tls" if trunk.tls else address,
        # Two trunks of one carrier are told apart by port, where there is a difference to see.
        "match": f"{host}:{trunk.port}" if shared else host.strip("[]"),
        "language": settings.language,
        "qualify_s": trunk.qualify_s or 0,
    }
    more = "\n".join(_more(trunk))
    sections = filled("pjsip_trunk.conf", values, media=_media(settings.pbx.sip_bind), more=more)
    if trunk.tls:
        sections += _transport(trunk, settings, values["transport"])
    if trunk.username is not None:
        login = values | {
            "username": trunk.username,
            "password": settings.secret(f"trunk-{trunk.name}"),
            "client_uri": f"sip:{trunk.username}@{host}:{trunk.port}",
            "hotline": settings.network.hotline,
        }
        sections += filled("pjsip_login.conf", login)
    return sections


def _more(trunk: Trunk) -> list[str]:
    """Of an endpoint, what not every trunk has. All values are letters and digits."""
    lines = []
    if trunk.username is not None:
        lines += [f"outbound_auth = {trunk.name}"]
    if trunk.srtp:
        lines += ["media_encryption = sdes", "media_encryption_optimistic = no", "set_var = MEDIA=sdes"]
    if trunk.send_pai:
        lines += ["send_pai = yes", "trust_id_outbound = yes"]
    if trunk.from_user:
        lines += [f"from_domain = {in_uri(trunk.host)}"]
    return lines


def _transport(trunk: Trunk, settings: Settings, name: object) -> str:
    own = ""
    look_at(trunk)
    if trunk.certificate and trunk.key:
        certificate, key = (fitting(trunk.name, path) for path in (trunk.certificate, trunk.key))
        own = f"cert_file = {certificate}\npriv_key_file = {key}"
    values = {
        "transport": name,
        "sip_bind": in_uri(settings.pbx.sip_bind),
        "tls_port": trunk.tls_port,
        "ca": trunk.ca,
        "mutual": "yes" if trunk.mutual else "no",
    }
    return filled("pjsip_tls.conf", values, certificate=own)


def look_at(trunk: Trunk) -> None:
    """Raises BadConfig for a file that no TLS can be spoken with, and for a key that others may read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    what = "ca"
    try:
        context.load_verify_locations(trunk.ca)
        if trunk.certificate and trunk.key:
            what = "key"
            if trunk.key.stat().st_mode & 0o077:
                raise BadConfig(f"{trunk.key}: others may read this key; run: chmod 600 '{trunk.key}'")
            what = "certificate and key"
            context.load_cert_chain(trunk.certificate, trunk.key, password="")
    except OSError as error:
        why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise BadConfig(f"trunk {trunk.name}: {what}: {why}; each is a file in PEM form") from error


def _media(sip_bind: str) -> str:
    """Sound goes where signalling goes. Asterisk would open every RTP port on all addresses."""
    try:
        address = ipaddress.ip_address(sip_bind.strip("[]"))
    except ValueError:
        return ""
    if address.is_unspecified:
        return ""
    return f"media_address = {address}\nbind_rtp_to_media_address = yes"
