"""A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket, gone when they end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

ON_BOTH = pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
"""The test runs once on each database."""
ON_POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)

HOW = "PostgreSQL is not installed: apt install postgresql"


def programs() -> Path | None:
    """The folder of initdb and pg_ctl; distributions keep them out of PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in folders if (f / "pg_ctl").exists() and (f / "initdb").exists()), None)


WITH_PASSWORD = "guarded"
"""The user, once a test has made it, whom the server asks for a password."""

CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 25
# The tests kill processes, and never the power.
fsync = off
full_page_writes = off
autovacuum = off
# What we must not take over from a server that was made to be quick, or strict.
synchronous_commit = off
default_transaction_isolation = 'serializable'
"""


class Server:
    """One cluster. Its user is not root, which PostgreSQL refuses to run as."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._user = _somebody() if os.getuid() == 0 else None
        # Not below pytest's own folder: nobody else may look into that, and a socket's path has 107 octets.
        self.folder = Path(tempfile.mkdtemp(prefix="tocsin pg ", dir="/tmp"))
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._names = count(1)
        data = ("--pgdata", str(self.folder / "data"))
        self._run("initdb", *data, "--auth=trust", "--username=tocsin", "--encoding=UTF8", "--locale=C", "-N")
        with (self.folder / "data" / "postgresql.conf").open("a", encoding="ascii") as file:
            file.write(CONFIGURATION.format(folder=self.folder))
        access = self.folder / "data" / "pg_hba.conf"
        access.write_text(f"local all {WITH_PASSWORD} scram-sha-256\n" + access.read_text(encoding="utf-8"))

    def start(self) -> None:
        self._run("pg_ctl", "start", "-w", "-D", f"{self.folder}/data", "-l", f"{self.folder}/log")

    def stop(self, mode: str = "immediate") -> None:
        """Cut every connection and end; `immediate` is a crash."""
        self._run("pg_ctl", "stop", "-w", "-D", f"{self.folder}/data", "-m", mode)

    def remove(self) -> None:
        shutil.rmtree(self.folder)

    def url(self, database: str, user: str = "tocsin") -> str:
        return f"postgresql+psycopg://{user}@/{database}?host={quote(str(self.folder))}"

    def connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        """As a client that knows nothing of ours."""
        return psycopg.connect(
            host=str(self.folder), user="tocsin", dbname=database, autocommit=True, connect_timeout=10
        )

    def create(self, template: str = "template0") -> str:
        """A new database, empty or a copy; its name."""
        name = f"test{next(self._names)}"
        with self.connect("postgres") as own:
            own.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return name

    def drop(self, database: str) -> None:
        with self.connect("postgres") as own:
            own.execute(f'DROP DATABASE "{database}" WITH (FORCE)'.encode())

    def _run(self, program: str, *arguments: str) -> None:
        log = self.folder / "programs.log"
        # A file, because the server keeps what it was started with, and a pipe would never end.
        with log.open("ab") as out:
            done = subprocess.run(
                [str(self._programs / program), *arguments],
                user=self._user and self._user.pw_uid,
                group=self._user and self._user.pw_gid,
                extra_groups=self._user and [],
                cwd="/",
                env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        assert done.returncode == 0, log.read_text(encoding="utf-8")


def _somebody() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("there is no user `nobody` to run PostgreSQL as")
