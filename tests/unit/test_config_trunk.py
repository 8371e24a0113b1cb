"""What the configuration may say of SIP trunks."""

from pathlib import Path

import pytest

from ivr import config
from ivr.config.trunk import Trunk

HEAD = 'network: {name: Net, hotline: "+4940808077555"}\ntrunks:\n'


def load(folder: Path, *trunks: str) -> tuple[Trunk, ...]:
    text = "".join(
        f"- {{name: sip-{n}, host: 192.0.2.{n}, lines: 4, {keys}}}\n" for n, keys in enumerate(trunks)
    )
    (folder / "tocsin.yaml").write_text(HEAD + text)
    return config.load(folder / "tocsin.yaml").trunks


def test_the_files_of_a_trunk_are_beside_the_configuration_unless_they_say_otherwise(tmp_path: Path) -> None:
    (trunk,) = load(tmp_path, "tls: true, ca: /etc/ssl/ca.pem, certificate: own/ours.pem, key: ours.key")
    assert trunk.ca == Path("/etc/ssl/ca.pem")
    assert (trunk.certificate, trunk.key) == (tmp_path / "own/ours.pem", tmp_path / "ours.key")


def test_without_a_word_a_trunk_is_as_ever(tmp_path: Path) -> None:
    (trunk,) = load(tmp_path, "port: 5060")
    assert (trunk.tls, trunk.srtp, trunk.qualify_s, trunk.send_pai) == (False, None, None, False)
    assert (trunk.numbers.called, trunk.numbers.caller, trunk.numbers.prefix) == ("+e164", "+e164", "")


@pytest.mark.parametrize(
    ("trunks", "told"),
    [
        (["srtp: sdes"], "are of use with `tls: true` only"),
        (["ca: ca.pem"], "are of use with `tls: true` only"),
        (["tls: true"], "tls needs `ca`"),
        (["tls: true, ca: ca.pem, key: ours.key"], "certificate and key go together"),
        (["tls: true, ca: ca.pem, mutual: true"], "mutual needs `certificate`"),
        (["tls: true, ca: ca.pem, srtp: dtls"], "srtp: must be one of sdes"),
        (["from_user: tocsin"], "from_user needs `send_pai: true`"),
        (["qualify_s: 0"], "qualify_s: must be between 1 and 3600"),
        (["numbers: {called: local}"], "called: must be one of"),
        (["numbers: {prefix: '0;1'}"], "prefix: must be 1 to 8 of 0-9"),
        (["numbers: {country: Germany}"], "country: must be a country of ISO 3166"),
        (["tls: true, ca: ca.pem", "tls: true, ca: ca.pem"], "needs a tls_port of its own"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, trunks: list[str], told: str) -> None:
    with pytest.raises(config.BadConfig) as refused:
        load(tmp_path, *trunks)
    assert told in str(refused.value)


def test_two_trunks_with_tls_have_a_port_each(tmp_path: Path) -> None:
    first, second = load(tmp_path, "tls: true, ca: ca.pem", "tls: true, ca: ca.pem, tls_port: 5062")
    assert (first.tls_port, second.tls_port) == (5061, 5062)
