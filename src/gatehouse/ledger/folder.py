"""A ledger in a folder: the log, what opens its entries, whom it trusts, and what the world may see.

ledger.toml     the log's name and its signers, the newest last
log.sqlite      the log, and the sealed openings of its entries
log.pem         its key, unless a signer elsewhere was named (mode 0600)
policy          which witnesses must cosign (C2SP tlog-policy), for this log and for others to copy
kek             the key-encryption key of the day keys (mode 0600); keep it out of backups
day-keys/       one key for each agency and day, wrapped
public/         checkpoint, tiles and entry bundles, for any web server
"""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Self

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.commitment import Disclosure, Openings
from gatehouse.ledger.committer import Position
from gatehouse.ledger.day_keys import DayKeys, create_kek, read_kek
from gatehouse.ledger.entry import draft_entry
from gatehouse.ledger.log import Appended, Log, now
from gatehouse.ledger.note import NoteSigner
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.sealing import OpeningStore
from gatehouse.ledger.view import LogView
from gatehouse.ledger.witness_client import Witnesses
from gatehouse.ledger.writer import Clock
from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.signing import Signer, create_key, open_signer

SETTINGS, LOG, POLICY, KEK, DAY_KEYS, PUBLIC = (
    "ledger.toml",
    "log.sqlite",
    "policy",
    "kek",
    "day-keys",
    "public",
)
_POLICY_HEAD = """\
# Whom to trust for this ledger (C2SP tlog-policy). Add witnesses, and a quorum that they make:
#   witness NAME VKEY URL
#   group NAME K NAME...
"""


class Folder:
    """The settings of a ledger's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        settings = path / SETTINGS
        try:
            found = tomllib.loads(settings.read_text("utf-8"))
            self.origin: str = found["origin"]
            self.signers: list[str] = found["signers"]
            if not isinstance(self.origin, str) or not all(isinstance(each, str) for each in self.signers):
                raise TypeError("a name and signers as text")
        except FileNotFoundError:
            raise BadUse(
                "this folder holds no ledger",
                where=str(path),
                expected=f"a {SETTINGS}",
                hint="gatehouse ledger init",
            ) from None
        except OSError as error:
            raise PartUnavailable(
                "the ledger cannot be read", where=str(settings), got=error.strerror
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
            raise BadInput(
                "the settings of the ledger cannot be read",
                where=str(settings),
                expected='origin = "…" and signers = ["…"]',
                got=f"{type(error).__name__}: {error}",
            ) from error

    @property
    def log(self) -> Path:
        """Return the log's database."""
        return self.path / LOG

    @property
    def public(self) -> Path:
        """Return the folder that the world may see."""
        return self.path / PUBLIC

    def policy(self) -> Policy:
        """Return whom this ledger trusts."""
        try:
            return Policy.parse((self.path / POLICY).read_text("utf-8"))
        except OSError as error:
            raise PartUnavailable(
                "the policy cannot be read", where=str(self.path / POLICY), got=error.strerror
            ) from error

    def view(self) -> LogView:
        """Return the log for reading only."""
        return LogView.read(self.log)

    def openings(self) -> OpeningStore:
        """Return what opens the entries."""
        keys = DayKeys(self.path / DAY_KEYS, kek=read_kek(self.path / KEK))
        return OpeningStore(self.log, keys=keys)

    def signer(self, uri: str) -> Signer:
        """Return a signer; a file without a folder stands in the ledger's own."""
        return open_signer(located(self.path, uri))

    def disclose(self, index: int, field: str) -> Disclosure:
        """Open one field of an entry."""
        with self.view() as view:
            return self.openings().open_field(field, index, entry=view.entry(index))

    def save(self) -> None:
        """Write the settings."""
        signers = ", ".join(f'"{_plain(each)}"' for each in self.signers)
        (self.path / SETTINGS).write_text(
            f'origin = "{_plain(self.origin)}"\nsigners = [{signers}]\n', "utf-8"
        )


class Ledger:
    """A ledger opened for appending."""

    def __init__(self, folder: Folder, log: Log, openings: OpeningStore) -> None:
        self.folder = folder
        self.log = log
        self._openings = openings
        self._opened = ExitStack()

    @classmethod
    def create(cls, path: Path, *, origin: str, signer: str = "file:log.pem") -> str:
        """Make a ledger in a new or empty folder, and return the vkey that others check it with.

        `signer` is the URI of a key that exists, or of a file in which one is drawn.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise BadUse("there is something already", where=str(path), expected="a new or an empty folder")
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        uri = located(path, signer)
        made = create_key(uri) if _is_new_file(uri) else open_signer(uri)
        vkey = Log.create(path / LOG, origin=origin, signer=made)
        create_kek(path / KEK)
        (path / POLICY).write_text(f"{_POLICY_HEAD}log {vkey}\nquorum none\n", "utf-8")
        # Last, so that a folder cut off half-way is no ledger.
        (path / SETTINGS).write_text(
            f'origin = "{_plain(origin)}"\nsigners = ["{_plain(signer)}"]\n', "utf-8"
        )
        with LogView.read(path / LOG) as view:
            _export(view, path / PUBLIC)
        return vkey

    @classmethod
    def open(cls, path: Path, *, clock: Clock | None = None) -> Self:
        """Open a ledger for appending, which one process can do at a time."""
        folder = Folder(path)
        policy = folder.policy()
        openings = folder.openings()
        signers = [folder.signer(uri) for uri in folder.signers]
        with ExitStack() as opened:
            witnesses = opened.enter_context(Witnesses(policy)) if policy.witnesses else None
            log = opened.enter_context(
                Log.open(folder.log, signer=signers, witnesses=witnesses, clock=clock or now)
            )
            ledger = cls(folder, log, openings)
            ledger._opened = opened.pop_all()
        return ledger

    def append(
        self,
        event: str,
        *,
        agency: str,
        fields: Mapping[str, Json],
        pack: bytes | None,
        releases: bool = False,
    ) -> Appended:
        """Put an event on the record, seal what opens it in the same transaction, and return its receipt.

        `pack` is the SHA-256 of the rulebook in force, None for a `log:…` event. See `Log.append`.
        """
        draft = draft_entry(event, agency=agency, fields=fields)
        made: list[tuple[int, bytes, Openings]] = []

        def make(position: Position) -> bytes:
            entry, openings = draft.place(
                sequence=position.sequence, previous=position.previous, at=position.at, pack=pack
            )
            made[:] = [(position.index, entry, openings)]
            return entry

        def seal(connection: sqlite3.Connection) -> None:
            index, entry, openings = made[0]
            self._openings.add(openings, index=index, entry=entry, within=connection)

        return self.log.append(make, agency=agency, apply=seal, releases=releases)

    def rotate_key(self, uri: str, *, by: str) -> Appended:
        """Announce a new key and sign with it, beside those so far, from that entry on.

        The announcement is a `log:key:rotated` entry; the disclosure of its `detail` shows the new vkey.
        """
        located_uri = located(self.folder.path, uri)
        signer = create_key(located_uri) if _is_new_file(located_uri) else open_signer(located_uri)
        vkey = NoteSigner(self.folder.origin, signer).vkey
        draft = draft_entry("log:key:rotated", agency=by, fields={"detail": {"vkey": vkey}})
        made: list[tuple[bytes, Openings]] = []

        def make(position: Position) -> bytes:
            made[:] = [
                draft.place(sequence=position.sequence, previous=position.previous, at=position.at, pack=None)
            ]
            return made[0][0]

        appended = self.log.rotate_key(signer, make, agency=by)
        entry, openings = made[0]
        self._openings.add(openings, index=appended.index, entry=entry)
        self.folder.signers = [*self.folder.signers, uri]
        self.folder.save()
        with (self.folder.path / POLICY).open("r+", encoding="utf-8") as policy:
            text = policy.read()
            policy.seek(0)
            policy.write(f"log {vkey}\n{text}")
        return appended

    def shred(self, agency: str, day: date, *, by: str) -> tuple[Appended, int]:
        """Record that a day's openings end, then end them; return the entry and how many were closed."""
        appended = self.append(
            "log:day_key:destroyed",
            agency=by,
            fields={"detail": {"agency": agency, "day": day.isoformat()}},
            pack=None,
        )
        return appended, self._openings.destroy(agency, day)

    def export(self) -> str:
        """Bring `public/` up to date and return its checkpoint."""
        return self.log.export(self.folder.public)

    def close(self) -> None:
        """Commit what waits, bring `public/` up to date, and close."""
        try:
            self.export()
        finally:
            self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def located(path: Path, uri: str) -> str:
    """Return a signer's URI with a relative file taken from a folder."""
    name = uri.removeprefix("file:")
    if name == uri or Path(name).is_absolute():
        return uri
    return f"file:{path.absolute() / name}"


def _is_new_file(uri: str) -> bool:
    return uri.startswith("file:") and not Path(uri.removeprefix("file:")).exists()


def _export(view: LogView, directory: Path) -> None:
    from gatehouse.ledger.export import export

    export(view, directory)


def _plain(text: str) -> str:
    """Return text that a TOML string in one line can hold as it is."""
    if any(char in '"\\' or char < " " for char in text):
        raise BadUse("a name holds quotes, backslashes or control characters", expected="none of them")
    return text
