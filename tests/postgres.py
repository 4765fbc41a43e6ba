"""A PostgreSQL server of the tests' own: Debian's programs, a temporary folder, a Unix socket and no port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

READY_SECONDS = 60
SETTINGS = (
    "listen_addresses=",
    "max_connections=60",
    "log_min_messages=panic",
    "log_min_error_statement=panic",
)
# A test asks whether a commit was made, not whether it outlives the machine's power.
UNSAFE_BUT_QUICK = ("fsync=off", "full_page_writes=off")


@dataclass(slots=True)
class Postgres:
    """A running server, in which every caller has databases of its own."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def dsn(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """Make an empty database and return its address."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.dsn(name)


@dataclass(slots=True, kw_only=True)
class Own(Postgres):
    """A server of which the tests have the process."""

    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes]

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT breaks off who is connected, SIGQUIT is a crash."""
        self.process.send_signal(how)
        self.process.wait(timeout=60)

    def restart(self) -> None:
        """Start the server anew after `stop`, and wait until it answers."""
        self.process = self.start()
        _wait(self)


def programs() -> Path | None:
    """Return the folder of the newest server's programs, if there is one."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    found = [folder for folder in folders if (folder / "initdb").is_file() and folder.parent.name.isdigit()]
    return max(found, key=lambda folder: int(folder.parent.name), default=None)


def needed() -> None:
    """Skip the test, or fail it in CI, where PostgreSQL is missing."""
    from tests.conftest import missing_part

    if programs() is None:
        missing_part("PostgreSQL", "no /usr/lib/postgresql/*/bin/initdb; Debian's package is `postgresql`")


def _account() -> dict[str, Any]:
    """Return as whom a process has to run: the server refuses to be root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextmanager
def running(folder: Path | None = None, settings: tuple[str, ...] = UNSAFE_BUT_QUICK) -> Iterator[Own]:
    """Run a server in a new folder below `folder` and stop it afterwards; `programs()` MUST be there."""
    bin_folder, account = programs(), _account()
    assert bin_folder is not None
    # Not pytest's own folder: the server's account cannot enter that of another one.
    place = Path(tempfile.mkdtemp(prefix="gatehouse-postgres-", dir=folder))
    try:
        if account:
            os.chown(place, account["user"], account["group"])
        subprocess.run(
            [bin_folder / "initdb", "--pgdata", place / "data", "--username", "postgres", "--auth", "trust",
             "--encoding", "UTF8", "--locale", "C", "--no-sync"],
            check=True, capture_output=True, cwd=place, **account,
        )  # fmt: skip
        options = [
            word
            for each in (*SETTINGS, f"unix_socket_directories={place}", *settings)
            for word in ("-c", each)
        ]

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                [bin_folder / "postgres", "-D", place / "data", *options],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=place, **account,
            )  # fmt: skip

        server = Own(place, start=start, process=start())
        try:
            _wait(server)
            yield server
        finally:
            # A fast stop: a polite one waits for whoever is still connected.
            if server.process.poll() is None:
                server.stop()
    finally:
        shutil.rmtree(place)


def _wait(server: Own) -> None:
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            psycopg.connect(server.dsn(), connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Yield a server for all tests of this process."""
    needed()
    with running() as server:
        yield server
