"""SIPp, which sends more SIP than a telephone does: installed, or Debian's package in the cache folder."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import debian
import pytest

from ivr.pstn.ports import free_ports

HOW = "no sipp: apt install sip-tester, or let this machine reach its Debian mirror"

_REQUEST = """\
<?xml version="1.0" encoding="UTF-8"?>
<scenario name="{name}">
  <send><![CDATA[
{method} sip:{target}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:{target}@[local_ip]>;tag=[call_number]
To: <sip:{target}@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 {method}
Contact: <sip:[call_number]@[local_ip]:[local_port]>
{more}Content-Length: [len]

{body}]]></send>
{then}</scenario>
"""
_SDP = """\
v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 9 RTP/AVP 8 101
a=rtpmap:101 telephone-event/8000
"""
_TAKE_ANYTHING = (
    "".join(
        f'  <recv response="{status}" optional="true"/>\n'
        for status in (100, 180, 200, 403, 404, 482, 501, 503)
    )
    + '  <recv response="401" timeout="500" ontimeout="end"/>\n  <label id="end"/>\n'
)
_HANG_UP = """\
  <recv response="100" optional="true"/>
  <recv response="200"/>
  <send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:{target}@[local_ip]>;tag=[call_number]
To: <sip:{target}@[remote_ip]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Content-Length: 0

]]></send>
  <pause milliseconds="700"/>
  <send><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:{target}@[local_ip]>;tag=[call_number]
To: <sip:{target}@[remote_ip]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
Content-Length: 0

]]></send>
  <recv response="200"/>
"""


@cache
def _program() -> list[str] | str:
    """The command that runs sipp, or why there is none."""
    if installed := shutil.which("sipp"):
        return [installed]
    try:
        tree = debian.tree("sip-tester", "sipp", lambda name: "python" not in name)
    except debian.TROUBLE as error:
        return str(error)
    return debian.loaded(tree, "usr/bin/sipp")


def program() -> list[str]:
    """The command that runs sipp. Skips the test where there is none."""
    found = _program()
    if isinstance(found, str):
        # Where every change is judged, a peer that is missing must not look like a peer that agreed.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{HOW} ({found})")
    return found


class Sipp:
    """Sends from an address of this machine to 127.0.0.1:`port`, in the folder `home`."""

    def __init__(self, home: Path, port: int) -> None:
        self._home = home
        self._port = port

    def floods(self, method: str, target: str, source: str, per_second: int) -> "Flood":
        """Requests that belong to no call, without an end. `target`: a number, or [call_number], one after
        the other."""
        more = {"REGISTER": "Expires: 3600\n", "INVITE": "Content-Type: application/sdp\n"}.get(method, "")
        body = _SDP if method == "INVITE" else ""
        return self._run(method, target, source, per_second, more, body, _TAKE_ANYTHING)

    def calls(self, target: str, source: str, per_second: int, at_once: int) -> "Flood":
        """Calls that are answered and hung up after a moment, without an end."""
        more = "Content-Type: application/sdp\n"
        then = _HANG_UP.format(target=target)
        return self._run("INVITE", target, source, per_second, more, _SDP, then, "-l", str(at_once))

    def _run(
        self, method: str, target: str, source: str, rate: int, more: str, body: str, then: str, *words: str
    ) -> "Flood":
        name = f"{method}-{source}"
        scenario = self._home / f"{name}.xml"
        filled = _REQUEST.format(name=name, method=method, target=target, more=more, body=body, then=then)
        scenario.write_text(filled, encoding="utf-8")
        argv = [*program(), f"127.0.0.1:{self._port}", "-sf", str(scenario), "-i", source, "-r", str(rate)]
        argv += ["-p", str(free_ports(1, udp=True)[0])]
        argv += ["-nostdin", "-default_behaviors", "none", "-recv_timeout", "2000", *words]
        return Flood(argv, self._home / f"{name}.log")


class Flood:
    """Runs while its block does."""

    def __init__(self, argv: list[str], log: Path) -> None:
        self._argv = argv
        self._log = log

    def __enter__(self) -> "Flood":
        environment = {**os.environ, "TERM": "dumb"}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._log.parent,
                env=environment,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)
