"""Teams that take part by mail: what the team file may say of it, with keys of a real gpg and openssl."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import gnupg
import pytest

from ivr.adapters.pins import Pins
from ivr.adapters.store import SqlStore, migrate
from ivr.bridge.members import Member
from ivr.cli.newfile import new_folder
from ivr.domain.enrol import KeyCertified
from ivr.domain.mail import Standard
from ivr.domain.publickey import certificate_fingerprint, openpgp_fingerprint
from ivr.domain.records import Enrolment, EnrolState, Entry, ListenPin, MailAddress, MailKey, Number, Team
from ivr.services import listing
from ivr.services.directory import BadEntry, Directory
from ivr.services.enrolment import Enrolments
from ivr.services.members import members
from ivr.services.membership import Membership
from ivr.services.report import NotThere
from ivr.services.teamexport import export
from ivr.yamlfile import BadFile

FILE = """\
teams:
  - id: abc
    name: ABC-CERT
    mail:
      addresses: [Alerts@abc.example, duty@abc.example]
      standard: openpgp
      fingerprint: "{fingerprint}"
      key: keys/abc.asc
  - id: xyz
    name: XYZ-CERT
    mail: {{addresses: [cert@xyz.example], standard: smime, certificate: keys/xyz.pem, gcm: true}}
  - {{id: deaf, name: Deaf-CERT}}
"""


MORE = """\
teams:
  - id: "on"
    name: "2026-11-22: Größe #1"
    spoken: größe
    numbers:
      - {number: "+494066969301", kind: office, hours: office-hours}
      - {number: "+4915228817301", sms: true}
    accounts: [{uid: "0012"}]
    calls-itself: true
    machine-message: true
    mail-sms: true
    local-time: true
    listen: pin
    zone: Europe/Berlin
    office-hours: "Mon-Thu 08:00-17:00, Fri 08:00-14:30"
    policy: {ring_s: 45, parallel_after_s: 5, no-answer: {tries: 2}, order: [mobile, office], sms: never}
"""


def needs(program: str) -> None:
    if shutil.which(program) is None:  # a peer that is missing must not look like one that agreed
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs {program}")


@pytest.fixture(scope="module")
def keys() -> Iterator[Path]:
    """Two OpenPGP keys (one of RSA, whose packet has an old length) and two certificates."""
    needs("gpg")
    needs("openssl")
    home = Path(tempfile.mkdtemp(prefix="gpg-"))
    gpg = gnupg.GPG(gnupghome=str(home))
    for name, kind in (("abc", {"key_type": "EDDSA", "key_curve": "ed25519"}), ("rsa", {"key_type": "RSA"})):
        made = gpg.gen_key(
            gpg.gen_key_input(name_real=name, name_email="a@b.example", no_protection=True, **kind)
        )
        (home / f"{name}.asc").write_text(gpg.export_keys(made.fingerprint))
        (home / f"{name}.fpr").write_text(made.fingerprint)
    (home / "secret.asc").write_text(gpg.export_keys(made.fingerprint, secret=True, passphrase=""))
    for name in ("xyz", "other"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-subj", f"/CN={name}", "-keyout", str(home / f"{name}.key"),
             "-out", str(home / f"{name}.pem")],
            check=True, capture_output=True,
        )  # fmt: skip
    yield home
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"])
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = SqlStore(f"sqlite:///{tmp_path / 'tocsin.db'}")
    migrate.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def directory(store: SqlStore) -> Directory:
    return Directory(store, Pins(), time.time)


@pytest.fixture
def file(tmp_path: Path, keys: Path) -> Path:
    (tmp_path / "keys").symlink_to(keys)
    path = tmp_path / "teams.yaml"
    path.write_text(FILE.format(fingerprint=(keys / "abc.fpr").read_text()), encoding="utf-8")
    return path


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_fingerprints_are_those_that_gpg_and_openssl_tell(keys: Path) -> None:
    for name in ("abc", "rsa"):
        assert openpgp_fingerprint((keys / f"{name}.asc").read_text()) == (keys / f"{name}.fpr").read_text()
    told = subprocess.run(
        ["openssl", "x509", "-in", str(keys / "xyz.pem"), "-noout", "-fingerprint", "-sha256"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert certificate_fingerprint((keys / "xyz.pem").read_text()) == told.partition("=")[2].strip().replace(
        ":", ""
    )


def test_an_import_pins_keys_and_addresses(
    store: SqlStore, directory: Directory, file: Path, keys: Path
) -> None:
    directory.import_file(file)
    with store.read() as tx:
        mail = {team["id"]: team["mail"] for team in listing.teams(tx)}
        (pinned,) = tx.find(MailKey, team="xyz")
        journal = json.dumps([entry.detail for entry in tx.find(Entry)])
    assert mail["abc"] == {
        "standard": "openpgp",
        "fingerprint": (keys / "abc.fpr").read_text(),
        "failing": None,
        "gcm": False,
        "addresses": ["alerts@abc.example", "duty@abc.example"],
    }
    assert mail["xyz"]["gcm"] and mail["deaf"] is None
    assert pinned.key == (keys / "xyz.pem").read_text()
    assert "@" not in journal
    assert [team.id for team in directory.import_file(file).unchanged] == ["abc", "xyz", "deaf"]


def test_a_team_without_the_key_mail_takes_part_no_more(
    store: SqlStore, directory: Directory, file: Path
) -> None:
    directory.import_file(file)
    file.write_text("teams: [{id: xyz, name: XYZ-CERT}]", encoding="utf-8")
    assert [team.id for team in directory.import_file(file).changed] == ["xyz"]
    with store.read() as tx:
        assert [key.team for key in tx.find(MailKey)] == ["abc"]
        assert {address.team for address in tx.find(MailAddress)} == {"abc"}
        assert tx.find(Entry)[-1].detail == "mail"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("cert@xyz.example", "duty@ABC.example", r":11: addresses: duty@abc.example is given twice"),
        ("cert@xyz.example", "no address", ":11: addresses: 'no address' is no mail address"),
        ("[cert@xyz.example]", "[]", ":11: addresses: must be 1 to 20"),
        ("keys/abc.asc", "keys/none.asc", ":8: key: keys/none.asc: cannot be read"),
        ("keys/abc.asc", "keys/xyz.pem", ":8: key: keys/xyz.pem: must be an OpenPGP key in ASCII armour"),
        ("keys/abc.asc", "keys/secret.asc", ":8: key: keys/secret.asc: holds a private key"),
        ("keys/abc.asc", "keys/rsa.asc", ":5: mail: the key has another fingerprint"),
        ("keys/xyz.pem", "keys/xyz.key", "holds a private key"),
        ("keys/xyz.pem", "keys/abc.asc", ":11: certificate: keys/abc.asc: must be one certificate"),
        ("      key: keys/abc.asc\n", "", ":5: mail: with standard openpgp: give key and fingerprint"),
        ("key: keys/abc.asc", "gcm: true\n      key: keys/abc.asc", ":5: mail: gcm is for standard smime"),
        ("standard: smime", "standard: pgp", ":11: standard: must be one of openpgp, smime"),
        ("certificate: keys/xyz.pem,", "", ":11: mail: with standard smime: give the team's certificate"),
    ],
)  # fmt: skip
def test_an_error_names_line_and_key_and_nothing_is_taken_over(
    store: SqlStore, directory: Directory, file: Path, old: str, new: str, complaint: str
) -> None:
    change(file, old, new)
    with pytest.raises(BadFile, match=complaint):
        directory.import_file(file)
    with store.read() as tx:
        assert not tx.find(Team) and not tx.find(MailKey)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("other.pem", "xyz.pem", "certificate: keys/xyz.pem: [0-9A-F]{64} belongs to team xyz already"),
        ("new@", "cert@", "addresses: cert@xyz.example belongs to team xyz already"),
        ("new@", "new@", None),
    ],
)
def test_address_and_key_belong_to_one_team(
    directory: Directory, file: Path, old: str, new: str, complaint: str | None
) -> None:
    directory.import_file(file)
    entry = "{addresses: [new@xyz.example], standard: smime, certificate: keys/other.pem}".replace(old, new)
    file.write_text(f"teams: [{{id: new, name: New, mail: {entry}}}]", encoding="utf-8")
    if complaint is None:
        assert directory.import_file(file).added
        return
    with pytest.raises(BadFile, match=complaint):
        directory.import_file(file)


def test_a_team_has_one_openpgp_key_for_letters_and_alerts(
    store: SqlStore, directory: Directory, file: Path, keys: Path
) -> None:
    rsa = (keys / "rsa.fpr").read_text()
    with store.write() as tx:
        tx.put(Team("abc", "ABC-CERT"))
        tx.put(Enrolment("abc", EnrolState.CERTIFIED, "alerts@abc.example", rsa))
    with pytest.raises(BadEntry, match="abc is enrolled with the key"):
        directory.import_file(file)
    enrolments = Enrolments(store, Pins(), None, "Network", "+4940808077555", time.time)  # type: ignore[arg-type]
    abc = (keys / "abc.fpr").read_text()
    enrolments.take("abc", KeyCertified(abc, (keys / "abc.asc").read_text()))
    directory.import_file(file)
    enrolments.take("abc", KeyCertified(rsa, (keys / "rsa.asc").read_text()))
    with store.read() as tx:
        assert tx.get(MailKey, "abc").fingerprint == rsa  # type: ignore[union-attr]
    with pytest.raises(BadEntry, match="in ASCII armour"):
        enrolments.take("abc", KeyCertified(abc, "\x99 binary"))
    with store.read() as tx:
        assert tx.get(Enrolment, "abc").fingerprint == rsa  # type: ignore[union-attr]


def test_what_is_exported_is_imported_without_a_change_and_makes_the_same_directory(
    store: SqlStore, directory: Directory, file: Path, tmp_path: Path
) -> None:
    directory.import_file(file)
    more = tmp_path / "more.yaml"
    more.write_text(MORE, encoding="utf-8")
    directory.import_file(more)
    with store.read() as tx:
        files = export(tx)
        before = listing.teams(tx), tx.find(MailKey)
    new_folder(tmp_path / "taken along", files)
    written = tmp_path / "taken along" / "teams.yaml"
    assert len(directory.import_file(written).unchanged) == 4

    other = SqlStore(f"sqlite:///{tmp_path / 'other.db'}")
    migrate.upgrade(other)
    assert len(Directory(other, Pins(), time.time).import_file(written).added) == 4
    with other.read() as tx:
        assert (listing.teams(tx), tx.find(MailKey)) == before
        assert export(tx) == files
        assert set(export(tx, ("xyz",))) == {"teams.yaml", "keys/xyz.pem"}
        with pytest.raises(NotThere):
            export(tx, ("nobody",))
    other.close()


def test_the_bridge_hears_of_those_who_take_part(
    store: SqlStore, directory: Directory, file: Path, keys: Path
) -> None:
    directory.import_file(file)
    with store.read() as tx:
        abc, xyz = (Member.of(document) for document in json.loads(json.dumps(members(tx))))
    assert abc.addresses == ("alerts@abc.example", "duty@abc.example")
    assert (xyz.standard, xyz.gcm, xyz.key) == (Standard.SMIME, True, (keys / "xyz.pem").read_text())
    Membership(store, time.time).suspend("abc", True)
    with store.read() as tx:
        assert [member["team"] for member in members(tx)] == ["xyz"]


def test_a_team_goes_with_all_that_is_its_own(store: SqlStore, directory: Directory, file: Path) -> None:
    directory.import_file(file)
    with store.write() as tx:
        tx.put(Number("abc", 0, "+494066969301"), ListenPin("abc", "hash"))
    Membership(store, time.time).remove("abc")
    with store.read() as tx:
        assert not any(tx.find(kind, team="abc") for kind in (MailKey, MailAddress, ListenPin, Number))
        assert tx.find(MailKey, team="xyz")
