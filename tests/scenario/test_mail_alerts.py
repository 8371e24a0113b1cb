"""An alert that came by mail, from the first mail to the telephone. Its witnesses are the exchange, what the
phone heard, and the mailboxes; who opens what is in these is gpg in homes of its own."""

import json
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from aiosmtpd.controller import Controller
from correspondent import BridgeService, Correspondent, reply_to
from mailboxes import Mailboxes
from pgp_peer import peers
from test_alerts import ACKNOWLEDGES, MOBILE, OFFICE, await_close, one_team, out_calls, shown

from ivr.pstn import rehearsal, witness
from ivr.pstn.cast import CALLER
from ivr.pstn.ports import free_ports
from ivr.pstn.stage import Stage, eventually

pytestmark = pytest.mark.scenario

TEXT = "A worm scans for mail gateways. It comes from many addresses. Block port four thousand now."
LIST = "alerts@bell.example"
TEAMS = (str(CALLER.team), "uvw-cert", "xyz-cert")


@dataclass
class Post:
    """The list, its members and their mailboxes."""

    lmtp: int
    bridge: BridgeService
    mailboxes: Mailboxes
    teams: dict[str, Correspondent]

    def write(self, team: str, text: str, to: str = LIST) -> None:
        with smtplib.LMTP("127.0.0.1", self.lmtp) as client:
            client.sendmail(self.teams[team].address, [to], self.teams[team].writes(text, to))

    def mails(self, team: str) -> list[bytes]:
        return self.mailboxes.of(self.teams[team].address)

    def await_mail(self, team: str, text: str) -> bytes:
        """The mail in which the list says so to the team."""
        found: list[bytes] = []

        def came() -> bool:
            found[:] = [raw for raw in self.mails(team) if text in self.teams[team].reads(raw)]
            return bool(found)

        eventually(came, 60, f"{team} has no mail that says {text!r}\n{self.bridge.log()}")
        return found[0]


@contextmanager
def by_mail(stage: Stage, lmtp: int, smtp: int) -> Iterator[Post]:
    """All teams of the stage take part by mail."""
    bridge, mailboxes = BridgeService(stage.settings.path), Mailboxes()
    server = Controller(mailboxes, "127.0.0.1", smtp)
    with peers(*TEAMS) as homes:
        teams = {team: Correspondent(team, peer) for team, peer in zip(TEAMS, homes, strict=True)}
        server.start()
        try:
            bridge.start()
            key = json.loads(bridge.asked("mail", "keys", "--json"))["openpgp"]["key"]
            for one in teams.values():
                one.joins(key)
            stage.tocsin("team", "import", str(directory(stage, teams)))
            yield Post(lmtp, bridge, mailboxes, teams)
        finally:
            bridge.kill()
            server.stop()


def directory(stage: Stage, teams: dict[str, Correspondent]) -> Path:
    """The team file of the stage, with the keys of the teams."""
    file = stage.home / "teams.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    for team in document["teams"]:
        one = teams[team["id"]]
        key = stage.home / f"{one.team}.asc"
        key.write_bytes(one.peer.public())
        team["mail"] = {
            "addresses": [one.address],
            "standard": "openpgp",
            "fingerprint": one.peer.fingerprint,
            "key": key.name,
        }
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def test_nobody_acknowledges_a_mail_and_its_originator_has_the_phones_ring(
    set_stage: Callable[..., Stage],
) -> None:
    lmtp, smtp = free_ports(2)
    bridge = {
        "domain": "bell.example",
        "lmtp": str(lmtp),
        "smtp": {"host": "127.0.0.1", "port": smtp, "starttls": False},
    }
    stage = set_stage(
        one_team(ACKNOWLEDGES) + one_team("no-answer", team="uvw-cert", number=MOBILE).partition("\n")[2],
        sections={"bridge": {**bridge, "state": "bridge"}, "mail": {"acknowledge_within_s": 10}},
    )
    with by_mail(stage, lmtp, smtp) as post:
        originator = TEAMS[0]
        post.write(originator, TEXT)
        for team in ("uvw-cert", "xyz-cert"):
            post.await_mail(team, TEXT)
        told = post.await_mail(originator, "These teams have not acknowledged alert 1")
        assert {"  UVW-CERT", "  XYZ-CERT"} <= set(post.teams[originator].reads(told).splitlines())
        assert out_calls(stage) == [] and shown(stage, 1)["escalated_at"] is None

        post.write(originator, "ESCALATE 1")
        eventually(lambda: len(out_calls(stage)) == 2, 30, f"no phone rings\n{post.bridge.log()}")
        post.write("uvw-cert", "We have it.", reply_to(post.mails("uvw-cert")[0]))
        document = await_close(stage, 1)

    assert (document["source"], document["outcome"]) == ("mail", "all-acknowledged")
    moments = (document["released_at"], document["escalated_at"], document["closed_at"])
    assert all(before < after for before, after in pairwise(moments))
    how = {d["team"]["id"]: (d["acknowledged_via"], d["acknowledged_by"]) for d in document["deliveries"]}
    assert how == {"uvw-cert": ("mail", "duty@uvw-cert.example"), "xyz-cert": ("keypress", OFFICE)}
    mails = {mail["team"]: mail["state"] for mail in document["mail"]}
    assert mails == {"uvw-cert": "acknowledged", "xyz-cert": "sent"}
    calls = {d["team"]["id"]: [c["disposition"] for c in d["calls"]] for d in document["deliveries"]}
    assert calls == {"uvw-cert": ["cancelled"], "xyz-cert": ["acknowledged"]}
    assert sorted(record.number for record in out_calls(stage)) == sorted((MOBILE, OFFICE))
    _was_heard(stage, document)


def _was_heard(stage: Stage, document: dict[str, object]) -> None:
    """Who raised it, its number and when; then, after the key, what the mail says, and not before."""
    heard = stage.exchange.heard(OFFICE)
    assert heard is not None
    read_out = stage.home / "read-out.wav"
    stage.voice.say(TEXT, read_out)
    said = witness.sequence(heard, rehearsal.announcement(stage, document))
    alert = witness.find(heard, read_out, first_s=3, after_s=said[-1].end_s)
    assert all(match.heard for match in said) and alert.heard
    assert not witness.any_part(heard, read_out, until_s=said[0].offset_s).heard
    assert not witness.control(heard, read_out).heard
