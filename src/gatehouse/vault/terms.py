"""`vault.toml`: what a vault in a process of its own goes by. Its custodian keeps it; no node can write it.

    [serve]              where it answers, and its side of the mutual TLS
    [trust]              the policy file (logs, witnesses, quorum) and the rulebook in force
    [cameras]            how long before its enrollment a camera's reads may have been captured
    [retention_minutes]  the longest that each owner's reads are kept, whatever the record says; of an owner
                         that is not named none are taken

Both files are read again when they change, so that a shortened retention counts at once. While one of them
cannot be read the vault opens and seals nothing.
"""

from __future__ import annotations

import json
import os
import re
import stat
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gatehouse.ledger.policy import LARGEST_POLICY, Policy
from gatehouse.model import BadInput, BadUse, Error, PartUnavailable
from gatehouse.signing.private_file import create_private
from gatehouse.vault.local import LocalVault
from gatehouse.vault.retention import LONGEST_MINUTES, Keeping, RetentionClass
from gatehouse.vault.tls import Tls

TERMS: Final = "vault.toml"
POLICY: Final = "policy"
_LARGEST: Final = 4 << 20
_OTHERS_WRITE: Final = 0o022

_SERVE: Final = """\
# What this vault goes by. It is read again when it changes.

[serve]
host = "127.0.0.1"
port = 8470
certificate = "tls/certificate.pem"
key = "tls/key.pem"
authority = "tls/authority.pem"
"""

_File = Annotated[str, Field(min_length=1, max_length=1024)]
_Owner = Annotated[str, Field(min_length=1, max_length=64)]
_Minutes = Annotated[int, Field(ge=1, le=LONGEST_MINUTES, strict=True)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Serve(_Table):
    """Where the vault answers, and with which certificate."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8470
    certificate: _File = "tls/certificate.pem"
    key: _File = "tls/key.pem"
    authority: _File = "tls/authority.pem"


class Trust(_Table):
    """Whose record counts, and which rulebook is in force."""

    policy: _File = POLICY
    pack: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Cameras(_Table):
    """What is taken of cameras: reads captured up to so long before the record had their key."""

    backlog_minutes: Annotated[int, Field(ge=0, le=LONGEST_MINUTES, strict=True)] = 24 * 60


class _Document(_Table):
    root: _File | None = None
    serve: Serve = Serve()
    trust: Trust
    cameras: Cameras = Cameras()
    retention_minutes: dict[_Owner, _Minutes] = {}


@dataclass(frozen=True, slots=True)
class Terms:
    """What `vault.toml` of a folder says; paths stand with their folder."""

    host: str
    port: int
    tls: Tls
    root: Path | None
    policy_file: Path
    policy: Policy
    pack_sha256: bytes
    backlog: timedelta
    owners: dict[str, Keeping]


def read_terms(folder: Path) -> Terms:
    """Return what a vault's folder says; anything unclear, or that others may write, is `BadInput`."""
    text = _read(folder / TERMS, most=_LARGEST)
    try:
        found = _Document.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput("the vault's file is not TOML", where=str(folder / TERMS), got=str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadInput(
            "the vault's file cannot be used",
            where=f"{folder / TERMS}, {'.'.join(str(each) for each in first['loc'])}",
            expected=first["msg"],
        ) from None
    policy = folder / found.trust.policy
    serve = found.serve
    return Terms(
        host=serve.host,
        port=serve.port,
        tls=Tls(folder / serve.certificate, folder / serve.key, folder / serve.authority),
        root=None if found.root is None else folder / found.root,
        policy_file=policy,
        policy=Policy.parse(_read(policy, most=LARGEST_POLICY)),
        pack_sha256=bytes.fromhex(found.trust.pack),
        backlog=timedelta(minutes=found.cameras.backlog_minutes),
        owners={
            owner: Keeping(RetentionClass(minutes)) for owner, minutes in found.retention_minutes.items()
        },
    )


def create_vault(
    folder: Path,
    *,
    name: str,
    policy: str,
    pack: str,
    owners: Mapping[str, int],
    root: Path | None = None,
    at: datetime | None = None,
) -> Terms:
    """Make an empty vault with its terms in a new or empty folder; what fails leaves nothing behind.

    `policy` is the text of a policy file, `pack` the rulebook's hash, `owners` are retentions in minutes.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadUse("there is something already", where=str(folder), expected="a new or an empty folder")
    if re.fullmatch("[a-z0-9-]{1,64}", name) is None:
        raise BadUse("a vault cannot bear that name", expected="a-z, 0-9 and -, at most 64", got=name)
    if not Policy.parse(policy).logs:
        raise BadUse(
            "the policy trusts no log", expected="a line `log VKEY`, such as `ledger/policy` of a node"
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        create_private(folder / POLICY, policy.encode())
        lines = [] if root is None else [f"root = {json.dumps(str(root.absolute()))}", ""]
        lines += [_SERVE, "[trust]", f'policy = "{POLICY}"', f'pack = "{pack}"', "", "[retention_minutes]"]
        lines += [f"{json.dumps(owner)} = {minutes}" for owner, minutes in sorted(owners.items())]
        create_private(folder / TERMS, ("\n".join(lines) + "\n").encode())
        terms = read_terms(folder)
        LocalVault.create(folder, name=name, root=root, at=at)
    except BaseException:
        for path in folder.iterdir():
            path.unlink()
        raise
    return terms


class LiveTerms:
    """The terms of a running vault, read again when a file changes. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._terms = read_terms(folder)
        self._stamp = self._stamps()

    def policy(self) -> Policy:
        """Return which logs and witnesses are trusted."""
        return self._current().policy

    def backlog(self) -> timedelta:
        """Return how long before its enrollment a camera's reads may have been captured."""
        return self._current().backlog

    def keeping(self, owner: str) -> Keeping | None:
        """Return how long an owner's reads may be kept, None where nothing is said: none are taken then."""
        return self._current().owners.get(owner)

    def pack_sha256(self) -> bytes:
        """Return the hash of the rulebook in force."""
        return self._current().pack_sha256

    def _current(self) -> Terms:
        with self._lock:
            try:
                # Taken before the read: what is written meanwhile is read again.
                stamp = self._stamps()
                if stamp != self._stamp:
                    self._terms = read_terms(self._folder)
                    self._stamp = stamp
            except (Error, OSError) as error:
                # Whoever asked did nothing wrong: a camera keeps its batch and sends it again.
                raise PartUnavailable(
                    "what the vault goes by cannot be read",
                    got=error.what if isinstance(error, Error) else error.strerror,
                    hint="`gatehouse vault doctor`; until then the vault opens and seals nothing",
                ) from error
            return self._terms

    def _stamps(self) -> tuple[tuple[int, int, int], ...]:
        return tuple(_stamp(path) for path in (self._folder / TERMS, self._terms.policy_file))


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path, *, most: int) -> str:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            data = file.read(most + 1)
        text = data.decode()
    except FileNotFoundError:
        raise BadUse(
            "a file of the vault is not there",
            where=str(path),
            hint="make a vault with `gatehouse vault init`",
        ) from None
    except OSError as error:
        raise PartUnavailable(
            "a file of the vault cannot be read", where=str(path), got=error.strerror
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput("a file of the vault is not UTF-8", where=str(path)) from error
    if status.st_mode & _OTHERS_WRITE:
        raise BadInput(
            "others may write what the vault goes by",
            where=str(path),
            expected="mode 0600 or 0644",
            got=f"mode {stat.S_IMODE(status.st_mode):04o}",
            hint=f"chmod go-w {path}",
        )
    if len(data) > most:
        raise BadInput("a file of the vault is too long", where=str(path), expected=f"at most {most:,} bytes")
    return text
