"""The directory as a team file, with the keys beside it, in which `team import` finds nothing to change.

Owns: how what is on record is written in the words of that file (ivr.services.teamfile). PINs, words, and
whether a team is suspended are in no file.
"""

from ivr import yamlfile
from ivr.domain.mail import Standard
from ivr.domain.records import MailKey
from ivr.ports import Records
from ivr.services.listing import teams
from ivr.services.report import Document
from ivr.services.teamfile import default_kind

FILE = "teams.yaml"
_KEYS = "keys"


def export(tx: Records, only: tuple[str, ...] = ()) -> dict[str, bytes]:
    """The files by name, of these teams, or of all. Raises NotThere."""
    found = [one for team in only for one in teams(tx, team)] if only else teams(tx)
    keys = {key.team: key for key in tx.find(MailKey)}
    files = {FILE: yamlfile.text({"teams": [_team(team, keys.get(team["id"])) for team in found]}).encode()}
    for team in found:
        if (key := keys.get(team["id"])) is not None:
            files[_file_of(key)] = key.key.encode("ascii")
    return files


def _file_of(key: MailKey) -> str:
    return f"{_KEYS}/{key.team}.{'pem' if key.standard is Standard.SMIME else 'asc'}"


def _team(told: Document, key: MailKey | None) -> Document:
    yes = ("calls_itself", "trusts_phones", "machine_message", "mail_sms", "local_time")
    entry = {
        "id": told["id"],
        "name": told["name"],
        "spoken": told["spoken"],
        **{name.replace("_", "-"): True for name in yes if told[name]},
        "listen": told["listen"],
        "zone": told["zone"],
        "office-hours": told["office_hours"],
        "policy": told["policy"] or None,
        "numbers": [_number(number) for number in told["numbers"]],
        "accounts": [{"uid": account["uid"]} for account in told["accounts"]],
        "mail": _mail(told["mail"], key) if key is not None else None,
    }
    return {name: value for name, value in entry.items() if value is not None}


def _number(told: Document) -> Document:
    entry = {"number": told["number"], "sms": told["sms"], "hours": told["hours"]}
    return entry if told["kind"] == default_kind(told["sms"]) else {**entry, "kind": told["kind"]}


def _mail(told: Document, key: MailKey) -> Document:
    pinned: Document = {"fingerprint": key.fingerprint, "key": _file_of(key)}
    if key.standard is Standard.SMIME:
        pinned = {"certificate": _file_of(key), "gcm": key.gcm}
    return {"addresses": told["addresses"], "standard": key.standard.value, **pinned}
