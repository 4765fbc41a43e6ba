"""The folder of a ledger: which file holds what, and the settings in `ledger.toml`.

ledger.toml     the log's name and its signers, the newest last
log.sqlite      the log, and the sealed openings of its entries
log.pem         its key, unless a signer elsewhere was named (mode 0600)
policy          which witnesses must cosign (C2SP tlog-policy), for this log and for others to copy
kek             the key-encryption key of the day keys (mode 0600); keep it out of backups
day-keys/       one key for each agency and day, wrapped
public/         checkpoint, tiles and entry bundles, for any web server

`next` in `ledger.toml` is a signer that is being announced: whether the log has it, its keys tell.
`release_grace_seconds` is how long the witness policy may stay unmet before releases are refused.
"""

from __future__ import annotations

import os
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.signing.private_file import replace_private
from gatehouse.signing.regular_file import read_regular

if TYPE_CHECKING:
    # What a command needs only once there is a ledger is loaded then.
    from gatehouse.ledger.commitment import Disclosure
    from gatehouse.ledger.policy import Policy
    from gatehouse.ledger.sealing import OpeningStore
    from gatehouse.ledger.view import LogView
    from gatehouse.signing import Signer

SETTINGS, LOG, POLICY = "ledger.toml", "log.sqlite", "policy"
KEK, DAY_KEYS, PUBLIC = "kek", "day-keys", "public"
_KEYS = {"origin", "signers", "next", "release_grace_seconds"}
_LONGEST_GRACE = 86_400
_LARGEST_SETTINGS = 64 * 1024


class Folder:
    """A ledger's folder and its settings; what is no ledger's folder is `BadUse`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        settings = path / SETTINGS
        try:
            found = tomllib.loads(read_regular(settings, most=_LARGEST_SETTINGS).decode())
        except (FileNotFoundError, NotADirectoryError):
            raise BadUse(
                "this folder holds no ledger",
                where=str(path),
                expected=f"a {SETTINGS}",
                hint="make a ledger with `gatehouse ledger init`",
            ) from None
        except OSError as error:
            raise PartUnavailable(
                "the ledger cannot be read", where=str(settings), got=error.strerror
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise _unsound(settings, str(error)) from error
        self.origin, self.signers, self.next, self.release_grace = _read(found, settings)

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
        from gatehouse.ledger.policy import LARGEST_POLICY, Policy

        path = self.path / POLICY
        try:
            text = read_regular(path, most=LARGEST_POLICY).decode()
        except OSError as error:
            raise PartUnavailable("the policy cannot be read", where=str(path), got=error.strerror) from error
        except UnicodeDecodeError as error:
            raise BadInput("the policy is not UTF-8", where=str(path)) from error
        try:
            return Policy.parse(text)
        except BadInput as error:
            error.where = str(path) if error.where is None else f"{path}, {error.where}"
            raise

    def view(self) -> LogView:
        """Return the log for reading only."""
        from gatehouse.ledger.view import LogView

        return LogView.read(self.log)

    def openings(self) -> OpeningStore:
        """Return what opens the entries."""
        from gatehouse.ledger.day_keys import DayKeys, read_kek
        from gatehouse.ledger.sealing import OpeningStore

        keys = DayKeys(self.path / DAY_KEYS, kek=read_kek(self.path / KEK))
        return OpeningStore(self.log, keys=keys)

    def disclose(self, index: int, field: str) -> Disclosure:
        """Open one field of an entry."""
        with self.view() as view:
            return self.openings().open_field(field, index, entry=view.entry(index))

    def open_signers(self, keys: tuple[str, ...]) -> list[Signer]:
        """Return the signers of a log that has these keys.

        One that is being announced is among them only if the log has its key: the announcement was cut off
        after it had become durable.
        """
        from gatehouse.signing import open_signer

        signers = [open_signer(located(self.path, uri)) for uri in self.signers]
        if self.next is not None and self.announced(keys):
            signers.append(open_signer(located(self.path, self.next)))
        return signers

    def announced(self, keys: tuple[str, ...]) -> bool:
        """Return whether the log has the key of the signer that is being announced."""
        from gatehouse.ledger.note import NoteSigner
        from gatehouse.model import Error
        from gatehouse.signing import open_signer

        if self.next is None:
            return False
        try:
            signer = open_signer(located(self.path, self.next))
        except Error:
            # Its key may never have been made. If the log needs it after all, opening the log says so.
            return False
        return NoteSigner(self.origin, signer).vkey in keys

    def settle(self, keys: tuple[str, ...]) -> None:
        """End an announcement: the new signer counts if the log has its key, and is forgotten if not.

        Only the holder of the log's lease may call this.
        """
        if self.next is None:
            return
        if self.announced(keys):
            self._trust(keys[-1])
            self.signers = [*self.signers, self.next]
        self.next = None
        self.save()

    def save(self) -> None:
        """Write the settings, durable when this returns."""
        signers = ", ".join(f'"{plain(each)}"' for each in self.signers)
        text = f'origin = "{plain(self.origin)}"\nsigners = [{signers}]\n'
        if self.next is not None:
            text += f'next = "{plain(self.next)}"\n'
        if self.release_grace is not None:
            text += f"release_grace_seconds = {self.release_grace // timedelta(seconds=1)}\n"
        replace_private(self.path / SETTINGS, text.encode())

    def _trust(self, vkey: str) -> None:
        """Add a key of the log to the policy, once."""
        from gatehouse.ledger.policy import LARGEST_POLICY

        if vkey not in self.policy().log_keys:
            path = self.path / POLICY
            replace_private(path, f"log {vkey}\n".encode() + read_regular(path, most=LARGEST_POLICY))


def located(path: Path, uri: str) -> str:
    """Return a signer's URI with a relative file taken from a folder."""
    name = uri.removeprefix("file:")
    if name == uri or name.startswith("/"):
        return uri
    return f"file:{quote(os.fsencode(path.absolute()))}/{name}"


def plain(text: str) -> str:
    """Return text that a TOML string in one line can hold as it is."""
    if any(char in '"\\\x7f' or char < " " or "\ud800" <= char <= "\udfff" for char in text):
        raise BadUse("a name holds quotes, backslashes or control characters", expected="none of them")
    return text


def _read(found: dict[str, object], where: Path) -> tuple[str, list[str], str | None, timedelta | None]:
    match found:
        case {"origin": str() as origin, "signers": [*signers], **rest} if signers and rest.keys() <= _KEYS:
            next_ = rest.get("next")
            grace = _grace(rest.get("release_grace_seconds"), where)
            texts = [each for each in signers if isinstance(each, str)]
            if len(texts) == len(signers) and (next_ is None or isinstance(next_, str)):
                return origin, texts, next_, grace
    raise _unsound(where, ", ".join(sorted(found)) or "nothing")


def _grace(seconds: object, where: Path) -> timedelta | None:
    if seconds is None:
        return None
    if type(seconds) is not int or not 0 <= seconds <= _LONGEST_GRACE:
        raise BadInput(
            "the settings of the ledger cannot be read",
            where=str(where),
            expected=f"release_grace_seconds = 0 to {_LONGEST_GRACE}",
            got=repr(seconds)[:32],
        )
    return timedelta(seconds=seconds)


def _unsound(where: Path, got: str) -> BadInput:
    return BadInput(
        "the settings of the ledger cannot be read",
        where=str(where),
        expected='origin = "…" and signers = ["…"]',
        got=got,
    )
