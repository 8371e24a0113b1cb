"""Somebody who logs in to an Asterisk's manager interface and writes down all that is told there."""

import socket
import threading
from typing import Self

from ivr.adapters.pbx.process import PbxProcess, run_folder
from ivr.pstn.stage import Stage


class AmiListener:
    """Every event that the account `user` is sent, as it came, until the block is left."""

    def __init__(self, port: int, user: str, secret: str) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._told = bytearray()
        self._connection.sendall(f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\n\r\n".encode())
        while b"\r\n\r\n" not in self._told:
            self._told += self._connection.recv(4096)
        assert b"Response: Success" in self._told, "the login to the manager interface failed"
        self._connection.settimeout(None)
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._connection.close()

    @property
    def told(self) -> str:
        return self._told.decode("utf-8", "replace").replace("\r\n", "\n")

    def _listen(self) -> None:
        while data := self._connection.recv(65536):
            self._told += data


def hears_everything(stage: Stage) -> AmiListener:
    """Asterisk is made as talkative as an operator may make it, and somebody is told all of it."""
    conf = stage.state / "asterisk"
    with (conf / "manager.conf").open("a", encoding="utf-8") as file:
        file.write("\n[witness]\nsecret = witness\npermit = 127.0.0.1/255.255.255.255\nread = all\n")
    asterisk = PbxProcess(stage.programs, conf, run_folder(conf))
    for command in ("manager reload", "core set verbose 10", "core set debug 10"):
        asterisk.rx(command)
    return AmiListener(stage.settings.pbx.ami_port, "witness", "witness")


def hears_what_we_hear(stage: Stage) -> AmiListener:
    """By the account that the service itself has at Asterisk."""
    pbx = stage.settings.pbx
    return AmiListener(pbx.ami_port, pbx.ami_user, stage.settings.secret("ami"))
