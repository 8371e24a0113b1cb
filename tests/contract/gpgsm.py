"""The real gpgsm (GnuPG's S/MIME), in a home of its own: a peer that shares no code with openssl."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from smime_people import Authority, Person, openssl, sha_1

_PASSWORD = "for-a-test"
_FILES = 4


class Gpgsm:
    """With one person's key, which must be RSA: 2.2 can do nothing else. Skips where there is no gpgsm."""

    def __init__(self, authority: Authority, person: Person, *others: Person) -> None:
        if shutil.which("gpgsm") is None:  # a peer that is missing must not look like one that agreed
            (pytest.fail if os.environ.get("CI") else pytest.skip)("needs gpgsm: apt install gpgsm")
        self.home = Path(tempfile.mkdtemp(prefix="sm-"))  # a short path: its agent has a socket there
        self.person = person
        (self.home / "gpgsm.conf").write_text(
            "disable-crl-checks\ndisable-dirmngr\nbatch\npinentry-mode loopback\n"
        )
        (self.home / "gpg-agent.conf").write_text("allow-loopback-pinentry\n")
        root = authority.certificate
        (self.home / "trustlist.txt").write_text(f"{sha_1(root)} S relax\n")
        self._run("--import", stdin=root.public_bytes(Encoding.PEM))
        for other in others:
            self._run("--import", stdin=other.pem.read_bytes())
        self._take_key()

    def _take_key(self) -> None:
        """One in 150 files of PKCS#12, each with salts of its own, gpgsm 2.2 cannot parse, however often."""
        pfx = self.home / "key.p12"
        for left in reversed(range(_FILES)):
            openssl(
                "pkcs12", "-export", "-inkey", self.person.key_file, "-in", self.person.pem, "-out", pfx,
                "-passout", f"pass:{_PASSWORD}", "-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES",
                "-macalg", "sha1", "-legacy",
            )  # fmt: skip
            try:
                self._run("--import", str(pfx), password=True)
                return
            except AssertionError:
                if not left:
                    raise

    def close(self) -> None:
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def decrypted(self, structure: bytes) -> bytes:
        return self._run("--decrypt", stdin=structure, password=True)[0]

    def verified(self, structure: bytes, content: bytes | None = None) -> tuple[bytes, str]:
        """The content, and gpgsm's status lines."""
        if content is None:
            return self._run("--verify", "--output", "-", stdin=structure)
        (self.home / "signature").write_bytes(structure)
        (self.home / "content").write_bytes(content)
        return content, self._run("--verify", str(self.home / "signature"), str(self.home / "content"))[1]

    def signed(self, content: bytes, *, detached: bool) -> bytes:
        how = ("--detach-sign",) if detached else ("--sign",)
        return self._run(*how, "--digest-algo", "SHA256", stdin=content, password=True)[0]

    def encrypted(self, entity: bytes, to: Person) -> bytes:
        return self._run(
            "--encrypt", "--cipher-algo", "AES256", "--recipient", sha_1(to.certificate), stdin=entity
        )[0]

    def _run(self, *args: str, stdin: bytes = b"", password: bool = False) -> tuple[bytes, str]:
        read, write = os.pipe()
        os.write(write, f"{_PASSWORD}\n".encode())
        os.close(write)
        try:
            done = subprocess.run(
                ["gpgsm", "--homedir", str(self.home), "--status-fd", "2",
                 *(("--passphrase-fd", str(read)) if password else ()), *args],
                input=stdin, capture_output=True, pass_fds=(read,),
            )  # fmt: skip
        finally:
            os.close(read)
        said = done.stderr.decode(errors="replace")
        assert done.returncode == 0, said
        return done.stdout, said
