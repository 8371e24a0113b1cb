"""How long the keys of real gpg and openssl still serve, and the list's own: looked at from days before."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pgp_peer import Peer, peers
from smime_people import NOW, Authority, ec_key

from ivr.bridge.members import Member, Members
from ivr.bridge.tools import Keys, keys
from ivr.config.bridge import Bridge
from ivr.domain.mail import Refused, Standard

DAY_S = 86_400.0


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Keys]:
    with keys(Bridge("bell.example", tmp_path / "b"), "Bell") as found:
        yield found


@pytest.fixture
def peer() -> Iterator[Peer]:
    with peers("peer") as (one,):
        one.make("ABC-CERT <duty@abc.example>")
        yield one


def by_gpg(peer: Peer) -> Member:
    armour = peer.public().decode()
    return Member("abc", "ABC-CERT", Standard.OPENPGP, peer.fingerprint, armour, ("duty@abc.example",))


def days(known: Keys, members: list[Member], ahead_s: float) -> dict[str | None, int]:
    return {key.team: key.days for key in known.failing(members, time.time() + ahead_s)}


def test_keys_of_both_standards_are_told_of_as_they_end(known: Keys, peer: Peer, tmp_path: Path) -> None:
    peer.gpg("--quick-set-expire", peer.fingerprint, "40d")
    person = Authority("CA").certify(tmp_path / "p", "d@x.example", ec_key(), end=NOW + timedelta(days=50))
    pem = person.pem.read_text()
    xyz = Member("xyz", "XYZ-CERT", Standard.SMIME, person.fingerprint, pem, ("d@x.example",))
    members = [by_gpg(peer), xyz]
    known.pin(Members(members))
    assert days(known, members, 0) == {}
    assert days(known, members, 12 * DAY_S) == {"abc": 30}
    assert days(known, members, 34 * DAY_S) == {"abc": 7, "xyz": 30}
    assert days(known, members, 48 * DAY_S) == {"abc": 0, "xyz": 3}
    (abc, _) = known.failing(members, time.time() + 34 * DAY_S)
    assert (abc.what, abc.why[:16]) == (peer.fingerprint, f"the key {peer.fingerprint}"[:16])
    assert "expires on" in abc.why and "ask the team" not in abc.why

    # Prolonged, it is the same key and there is nothing to tell.
    peer.gpg("--quick-set-expire", peer.fingerprint, "0")
    members = [by_gpg(peer), xyz]
    known.pin(Members(members))
    assert days(known, members, 34 * DAY_S) == {"xyz": 30}


def test_a_key_that_its_owner_has_revoked_has_failed(known: Keys, peer: Peer) -> None:
    revocation = peer.home / "openpgp-revocs.d" / f"{peer.fingerprint}.rev"
    peer.gpg("--import", given=revocation.read_bytes().replace(b":-----", b"-----"))
    known.pin(Members([by_gpg(peer)]))
    (found,) = known.failing([by_gpg(peer)], time.time())
    assert (found.days, found.why) == (0, f"the key {peer.fingerprint} is revoked")


def test_the_list_s_own_certificate_is_watched_too(known: Keys) -> None:
    (own,) = known.failing([], time.time() + 5 * 365 * DAY_S - 6 * DAY_S)
    assert (own.team, own.days) == (None, 7)


def test_operators_hear_of_own_keys_that_do_not_work_and_the_others_are_looked_at(
    known: Keys, peer: Peer, tmp_path: Path
) -> None:
    peer.gpg("--quick-set-expire", peer.fingerprint, "6d")
    known.pin(Members([by_gpg(peer)]))
    (tmp_path / "b/smime/own.pem").write_text("nonsense")
    own, abc = sorted(known.failing([by_gpg(peer)], time.time()), key=lambda key: key.team or "")
    assert (own.team, own.days) == (None, 0) and "own.pem" in own.why  # cut, where the path is long
    assert (abc.team, abc.days) == ("abc", 7)


def test_one_that_is_on_a_revocation_list_has_failed_and_a_list_that_is_old_is_named(
    known: Keys, tmp_path: Path
) -> None:
    authority = Authority("CA")
    person = authority.certify(tmp_path / "p", "d@x.example", ec_key(), end=NOW + timedelta(days=300))
    home = tmp_path / "b" / "smime"
    (home / "authorities.pem").write_bytes(_pem(authority))
    (home / "crls").mkdir()
    pem = person.pem.read_text()
    xyz = Member("xyz", "XYZ-CERT", Standard.SMIME, person.fingerprint, pem, ("d@x.example",))
    known.pin(Members([xyz]))
    (home / "crls" / "ca").write_bytes(authority.revocations())
    assert days(known, [xyz], 0) == {}
    (stale,) = known.failing([xyz], time.time() + 8 * DAY_S)
    assert (stale.team, stale.days, stale.why) == (None, 0, "the revocation list of CN=CA is out of date")
    (home / "crls" / "ca").write_bytes(authority.revocations(person.certificate))
    assert days(known, [xyz], 0) == {"xyz": 0}
    (home / "crls" / "ca").write_bytes(b"nonsense")
    (broken,) = known.failing([xyz], time.time())
    assert broken.team is None and "is no revocation list" in broken.why


def _pem(authority: Authority) -> bytes:
    return authority.certificate.public_bytes(Encoding.PEM)


def test_one_key_that_gpg_cannot_read_keeps_no_other_from_being_pinned(known: Keys) -> None:
    with peers(*"abcd") as many:
        members = []
        for one in many:
            one.make("ABC-CERT <duty@abc.example>")
            members.append(by_gpg(one))
    lines = members[1].key.splitlines()
    lines[4] = lines[4][::-1]
    broken = Member(
        "xyz", "XYZ", Standard.OPENPGP, members[1].fingerprint, "\n".join(lines), ("x@y.example",)
    )
    members[1] = broken
    known.pin(Members(members))
    assert [key.what for key in known.failing(members, time.time())] == [broken.fingerprint]


def test_a_subkey_of_a_clock_that_is_ahead_is_its_members_failure_alone(known: Keys, peer: Peer) -> None:
    """gpg encrypts to no key that is not yet; nothing that it lists of the key says so."""
    peer.make("ABC-CERT <duty@abc.example>", encrypt="")
    ahead = f"{int(time.time() + DAY_S)}!"
    quick = ("--faked-system-time", ahead, "--pinentry-mode", "loopback", "--passphrase", "")
    peer.gpg(*quick, "--quick-add-key", peer.fingerprint, "cv25519", "encr", "0")
    known.pin(Members([by_gpg(peer)]))
    refused = known.openpgp.seal(b"\r\n")(by_gpg(peer).recipient)
    assert isinstance(refused, Refused) and peer.fingerprint in refused.detail
