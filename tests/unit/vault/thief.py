"""What a thief can do with copies of a vault and of a read store: every key, under every key, on every row.

Nothing here calls the vault but to make tokens: names and associated data are spelled as the manual has them.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gatehouse.reads.rows import SealedRead
from gatehouse.vault.sealing import make_token, token_state
from tests.unit.vault.world import World

# What names a key in each table.
COLUMNS = {
    "shelf": "destroy_at",
    "sealing_key": "owner, minutes, bucket, destroy_at",
    "token_key": "minutes, bucket, destroy_at",
    "hold": "id, destroy_at",
}


@dataclass
class Thief:
    """Somebody who copies the vault's database whenever told to, without its root, and takes every row."""

    folder: Path
    copies: list[Path] = field(default_factory=list)
    rows: list[SealedRead] = field(default_factory=list)

    def take(self, world: World) -> None:
        """Copy the database with its write-ahead log, and the rows that there are."""
        copy = self.folder / f"copy-{len(self.copies)}"
        copy.mkdir()
        for each in vault_files(world.folder):
            shutil.copy(each, copy / each.name)
        self.copies.append(copy)
        self.rows = [*world.reads.rows]

    def wrapped(self) -> dict[bytes, set[bytes]]:
        """Return everything wrapped in any copy, with the associated data that it may have."""
        found: dict[bytes, set[bytes]] = {}
        for copy in self.copies:
            with closing(sqlite3.connect(copy / "keys.sqlite")) as connection:
                for table, columns in COLUMNS.items():
                    for wrapped, *named in connection.execute(f"SELECT wrapped, {columns} FROM {table}"):
                        name = b"gatehouse-vault-wrap/1\n" + "\n".join([table, *map(str, named)]).encode()
                        found.setdefault(wrapped, set()).add(name)
        return found

    def keys(self, *roots: bytes) -> set[bytes]:
        """Return every key that can be had with these roots, trying each on everything, over and over."""
        wrapped = self.wrapped()
        known, fresh = set(roots), set(roots)
        while fresh:
            found = set()
            for key, (text, names) in product(fresh, wrapped.items()):
                for name in names:
                    try:
                        found.add(AESGCM(key).decrypt(text[:12], text[12:], name))
                    except InvalidTag:
                        continue
            fresh = found - known
            known |= found
        return known


def vault_files(folder: Path) -> list[Path]:
    """Return the files of a vault's database."""
    return sorted(each for each in folder.iterdir() if each.name.startswith("keys.sqlite"))


def root_of(world: World) -> bytes:
    """Return the root of this moment, which no copy holds."""
    return bytes.fromhex((world.root or world.folder / "root").read_text("ascii"))


def opened(rows: Sequence[SealedRead], keys: Collection[bytes]) -> list[SealedRead]:
    """Return the rows that any of these keys opens."""
    found = []
    for row in rows:
        bound = row.token + row.read_id + row.bucket.to_bytes(8, "big", signed=True) + row.owner_id.encode()
        for key in keys:
            try:
                AESGCM(key).decrypt(row.read_id[:12], row.sealed, bound)
            except (InvalidTag, ValueError):
                continue
            found.append(row)
    return found


def tokens(plates: Collection[str], keys: Collection[bytes]) -> set[bytes]:
    """Return the tokens of plates under any of these keys."""
    return {make_token(token_state(key), plate) for key in keys for plate in plates}
