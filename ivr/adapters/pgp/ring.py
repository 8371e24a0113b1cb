"""The key ring: a folder of ours alone, with our own key and those pinned for the teams.

Owns: which keys are on it, and the agent that holds our own. A key is known by its whole fingerprint, which
its team has read out; an address, or gpg's own trust, says nothing here.
"""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType

from ivr.adapters.pgp import PgpError, UnfitKey
from ivr.adapters.pgp.gpg import Gpg, Ran
from ivr.adapters.pgp.keys import Key, listed

_FILES = ("pubring.kbx", "pubring.gpg")


class KeyRing:
    """In the folder `home`, which is made when it is needed; a context, as long as which one agent of gpg
    runs. `name` and `mail` are of our own key, made at the first time. Every method raises PgpError."""

    def __init__(self, home: Path, name: str, mail: str) -> None:
        self._home = home
        self._user_id = (name, mail)
        self._open = ExitStack()
        self._keys: dict[str, Key] = {}
        self._listed: tuple[int, int] | None = None

    def __enter__(self) -> "KeyRing":
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._gpg = self._open.enter_context(_gpg(self._home))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def run(self, *args: str, given: bytes = b"") -> Ran:
        """gpg on this ring."""
        return self._gpg.run(*args, given=given)

    def certify(self, file: Path, fingerprint: str, now: float) -> None:
        """Take the key with this fingerprint, and nothing else that is in it, from a file of the team's."""
        try:
            given = file.read_bytes()
        except OSError as error:
            raise PgpError(f"{file}: cannot be read: {error.strerror}") from error
        if not self._take(given, fingerprint):
            raise PgpError(f"{file}: holds no key with the fingerprint {fingerprint}; ask the team again")
        self.fit(fingerprint, now)

    def pin(self, keys: Mapping[str, str], now: float) -> list[str]:
        """Take these keys, each in ASCII armour, by their fingerprints; what is wrong with those that cannot
        be encrypted to. All in one go: most of what a run of gpg takes, it takes for one key as for all."""
        self._take("\n".join(keys.values()).encode(), *keys)
        complaints = []
        for fingerprint, armour in keys.items():
            try:
                if not self._has(fingerprint):  # one that gpg cannot read ends the reading of all behind it
                    self._take(armour.encode(), fingerprint)
                self.fit(fingerprint, now)
            except UnfitKey as error:
                complaints.append(str(error))
        return complaints

    def _take(self, given: bytes, *fingerprints: str) -> bool:
        """Put those keys in `given` onto the ring that have these fingerprints; whether there are any."""
        with tempfile.TemporaryDirectory(prefix="pgp-") as aside, _gpg(Path(aside)) as gpg:
            gpg.run("--import", given=given)
            alone = gpg.run("--export", *fingerprints).data  # never a secret key: it would become our own
        if alone:  # also if only to learn its end
            self.run("--import-options", "import-minimal", "--import", given=alone)
        return bool(alone)

    def key(self, fingerprint: str) -> Key:
        """The key with this fingerprint."""
        if not self._has(fingerprint):
            raise UnfitKey(f"the key {fingerprint} is not on our ring; certify it again")
        return self._keys[fingerprint]

    def _has(self, fingerprint: str) -> bool:
        """The ring is listed again whenever its file has changed."""
        file = next((file for name in _FILES if (file := self._home / name).exists()), None)
        stamp = ((found := file.stat()).st_mtime_ns, found.st_size) if file else None
        if stamp is None or stamp != self._listed:
            self._keys = {key.fingerprint: key for key in listed(self.run("--list-keys").data)}
            self._listed = stamp
        return fingerprint in self._keys

    def fit(self, fingerprint: str, now: float) -> None:
        """Nothing, where the key can be encrypted to; raises UnfitKey where not."""
        if why := self.key(fingerprint).failing("e", now):
            raise UnfitKey(f"the key {fingerprint} {why}; ask the team for another")

    def failing(self, fingerprint: str, now: float, ahead_s: float) -> str | None:
        """What an operator should know about a team's key: that it cannot be used in `ahead_s` seconds, to
        encrypt or to sign; None where all is well."""
        try:
            key = self.key(fingerprint)
        except UnfitKey as error:
            return str(error)
        whys = (key.failing(use, now, ahead_s) for use in "es")
        return next((f"the key {fingerprint} {why}; ask the team for another" for why in whys if why), None)

    @cached_property
    def own(self) -> str:
        """The fingerprint of our own key. It has no passphrase: its folder is ours alone."""
        if ours := list(listed(self.run("--list-secret-keys").data)):
            return ours[0].fingerprint
        name, mail = self._user_id
        if not (name + mail).isprintable():  # gpg reads a line of its own as an order
            raise PgpError("the name and the address of our own key need printable characters")
        made = self._gpg.gen_key(
            self._gpg.gen_key_input(
                key_type="EDDSA", key_curve="ed25519", subkey_type="ECDH", subkey_curve="cv25519",
                name_real=name, name_email=mail, expire_date=0, no_protection=True,
            )
        )  # fmt: skip
        if not made.fingerprint:
            raise PgpError(f"gpg has made no key in {self._home}; look at its owner and mode")
        return str(made.fingerprint)

    def sound(self) -> None:
        """Raises PgpError where our own key does not work, so that nobody's mail is blamed for it."""
        ran = self.run("--detach-sign", "--local-user", self.own, given=b"sound")
        if ran.returncode or not ran.data:
            raise PgpError(f"our own key in {self._home} does not work; see that gpg-agent runs")

    def public(self, fingerprint: str) -> bytes:
        """The public key, in ASCII armour."""
        self.key(fingerprint)
        return self.run("--armor", "--export", fingerprint).data


@contextmanager
def _gpg(home: Path) -> Iterator[Gpg]:
    """gpg on a folder. Its agent puts sockets into the folder, whose path must be shorter than 108 bytes
    (unix(7)): it gets a short one. The agent does not outlive the block."""
    with tempfile.TemporaryDirectory(prefix="pgp-") as short:
        link = Path(short, "h")
        link.symlink_to(home.resolve())
        try:
            yield Gpg(link)
        finally:
            with suppress(FileNotFoundError):  # where gpg is missing, which is said
                subprocess.run(["gpgconf", "--homedir", str(link), "--kill", "all"], capture_output=True)
