"""`tocsin team`: the directory of teams, and the PINs of their accounts."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.cli import enrol, team_access, team_listen, team_members
from ivr.cli.common import Args, House, Verbs, group, house, verb
from ivr.cli.output import Exit, document, say, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivr.config import Settings
    from ivr.domain.records import Team
    from ivr.services.directory import Changes
    from ivr.services.teamfile import TeamEntry


def add(verbs: Verbs) -> None:
    """Declare the group."""
    team = group(verbs, "team", "the directory of teams")
    verb(team, "list", _list, "every team", reads=True)
    show = verb(team, "show", _show, "one team", reads=True)
    show.add_argument("team", metavar="TEAM", help="the team's id")

    importing = verb(team, "import", _import, "take over the teams of a file, all or none", reads=True)
    importing.add_argument(
        "file", metavar="FILE", type=Path, help="the team file (config/teams.example.yaml)"
    )

    exporting = verb(team, "export", _export, "the directory as a team file, with keys for mail beside it")
    exporting.add_argument("into", metavar="DIR", type=Path, help="a new folder")
    exporting.add_argument("teams", metavar="TEAM", nargs="*", help="these alone")

    adding = verb(team, "add", _add, "enter one new team", reads=True)
    adding.add_argument("team", metavar="TEAM", help="its id: a-z, 0-9 and -")
    adding.add_argument("--name", required=True, help="its name, as it is written")
    adding.add_argument("--spoken", metavar="NAME", help="its name, as it is to be spoken")
    adding.add_argument(
        "--number", dest="numbers", action="append", default=[], metavar="NUMBER",
        help="a number to call, in E.164; repeat in the order of calling",
    )  # fmt: skip
    adding.add_argument(
        "--mobile", dest="numbers", action="append", metavar="NUMBER", type=_mobile,
        help="as --number, for a mobile that gets the SMS too",
    )  # fmt: skip
    adding.add_argument(
        "--uid", dest="uids", action="append", default=[], help="an account of the team; may be repeated"
    )
    adding.add_argument("--calls-itself", action="store_true", help="call it about its own alerts too")
    without_key = adding.add_mutually_exclusive_group()
    without_key.add_argument(
        "--trusts-phones", action="store_true", help="speak an alert at once, to whoever answers"
    )
    without_key.add_argument(
        "--machine-message", action="store_true",
        help="leave a message, without content, where nobody presses a key",
    )  # fmt: skip

    adding.add_argument(
        "--listen", choices=("key", "pin", "call-in"), default="key",
        help="how it hears an alert it is called about: a key, its listening PIN, the hotline",
    )  # fmt: skip
    team_listen.add(team)
    enrol.add(team)
    team_members.add(team)

    pin = verb(team, "pin", _pin, "issue a new PIN; it is printed once, and kept nowhere", reads=True)
    pin.add_argument("uid", metavar="UID", help="the account")
    pin.add_argument("--stdin", action="store_true", help="take the PIN from standard input, 6 to 10 digits")


class _Mobile(str):
    """A number that gets the SMS too."""


def _mobile(text: str) -> _Mobile:
    return _Mobile(text)


def _list(args: Args) -> int:
    from ivr.services.listing import teams

    with house(args) as here, here.store.read() as tx:
        found = teams(tx)
    if args.json:
        document(found)
        return Exit.DONE
    rows = []
    for team in found:
        numbers = " ".join(n["number"] + ("(SMS)" if n["sms"] else "") for n in team["numbers"])
        uids = " ".join(a["uid"] + ("" if a["pin"] else "(no PIN)") for a in team["accounts"])
        rows.append((team["id"], team["name"], numbers, uids))
    table(("TEAM", "NAME", "NUMBERS", "ACCOUNTS"), rows)
    return Exit.DONE


def _show(args: Args) -> int:
    from ivr.domain.keywatch import how
    from ivr.services.listing import teams

    with house(args) as here, here.store.read() as tx:
        (team,) = teams(tx, args.team)
    if args.json:
        document(team)
        return Exit.DONE
    print(f"{team['id']}  {team['name']}" + (f" (spoken: {team['spoken']})" if team["spoken"] else ""))
    keys = ("number", "sms", "kind", "hours", "unallocated_at", "tested_at", "test")
    table(
        ("NUMBER", "SMS", "KIND", "HOURS", "UNALLOCATED SINCE", "TESTED", "TEST"),
        [tuple(n[key] for key in keys) for n in team["numbers"]],
    )
    table(
        ("ACCOUNT", "PIN", "ONE-TIME CODES", "CALLED BACK AT"),
        [
            (a["uid"], "issued" if a["pin"] else "none yet", a["totp"], a["callback"] or "all, in turn")
            for a in team["accounts"]
        ],
    )
    if any(n["unallocated_at"] for n in team["numbers"]):
        say("the telephone network says that a number does not exist; ask the team, and import the right one")
    team_access.tell(team)
    print(f"office hours: {team['office_hours']} {team['zone']}")
    for key, value in team["policy"].items():
        print(f"policy: {key}: {json.dumps(value)}")
    print(f"called about its own alerts: {'yes' if team['calls_itself'] else 'no'}")
    print(f"hears an alert without a key: {'yes' if team['trusts_phones'] else 'no'}")
    print(f"hears times by its own clock too: {'yes' if team['local_time'] else 'no'}")
    print(f"gets a message on its answering machine: {'yes' if team['machine_message'] else 'no'}")
    if mail := team["mail"]:
        print(f"mail: {', '.join(mail['addresses'])}; {mail['standard']} {mail['fingerprint']}")
        if failing := mail["failing"]:
            told = f"{how(failing['days'])}: {failing['why']}"
            say(f"its key for mail {told}; ask the team for another, and import it")
    return Exit.DONE


def _import(args: Args) -> int:
    with house(args) as here:
        return _report(args, here, here.directory.import_file(args.file))


def _export(args: Args) -> int:
    from ivr.cli.newfile import new_folder
    from ivr.services.teamexport import FILE, export

    with house(args) as here, here.store.read() as tx:
        files = export(tx, tuple(args.teams))
    new_folder(args.into, files)
    say(f"wrote {args.into / FILE}; PINs, words and suspensions are not in it")
    return Exit.DONE


def _add(args: Args) -> int:
    entry = _entry(args)
    with house(args) as here:
        return _report(args, here, here.directory.add(entry))


def _entry(args: argparse.Namespace) -> "TeamEntry":
    from ivr.domain import pin
    from ivr.domain.number import subscriber
    from ivr.domain.records import Listen, Number, Team
    from ivr.services.directory import BadEntry
    from ivr.services.teamfile import (
        CONTRADICTION,
        TeamEntry,
        default_kind,
        spoken_name,
        team_id,
        team_name,
    )

    if args.trusts_phones and args.listen != "key":
        raise BadEntry(f"{args.team} {CONTRADICTION}")
    try:
        return TeamEntry(
            Team(
                team_id(args.team),
                team_name(args.name),
                spoken_name(args.spoken) if args.spoken is not None else None,
                args.calls_itself,
                args.trusts_phones,
                machine_message=args.machine_message,
                listen=Listen(args.listen),
            ),
            tuple(
                Number(args.team, n, subscriber(number), mobile, default_kind(mobile))
                for n, number in enumerate(args.numbers)
                for mobile in [isinstance(number, _Mobile)]
            ),
            tuple(pin.uid(uid) for uid in args.uids),
        )
    except ValueError as error:
        raise BadEntry(str(error)) from error


def _report(args: Args, here: House, changes: "Changes") -> int:
    speak_names(here.settings, changes.renamed)
    told = {
        "added": [team.id for team in changes.added],
        "changed": [team.id for team in changes.changed],
        "unchanged": [team.id for team in changes.unchanged],
    }
    if args.json:
        document(told)
    else:
        print(", ".join(f"{len(teams)} {what}" for what, teams in told.items()))
    return Exit.DONE


def speak_names(settings: "Settings", teams: "Sequence[Team]") -> None:
    """Synthesise the names of these teams, where flite is there; if it is not, `pbx render` does it later."""
    from ivr.adapters.pbx.tree import PbxMissing, find_programs
    from ivr.adapters.speech.texts import SpeechError
    from ivr.adapters.speech.voice import Voice

    if not teams:
        return
    try:
        voice = Voice(find_programs(), settings)
        for team in teams:
            if voice.say_name(team.id, team.spoken or team.name) is None:
                say(f"the name of {team.id} makes no sound and will be spelled; give it `spoken`")
    except (PbxMissing, SpeechError) as error:
        say(f"names are not spoken yet: {error}")


def _pin(args: Args) -> int:
    chosen = read_pin() if args.stdin else None
    with house(args) as here:
        team, pin = here.directory.issue_pin(args.uid, chosen)
    if args.json:
        document({"uid": args.uid, "team": team, "pin": pin if chosen is None else None})
    elif chosen is None:
        print(pin)
    say(f"the account {args.uid} of {team} has a new PIN")
    return Exit.DONE


def read_pin() -> str:
    """From the terminal, or a line of standard input: whatever octets it has."""
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass("PIN: ").strip()
    return sys.stdin.buffer.readline(64).decode("ascii", "replace").strip()
