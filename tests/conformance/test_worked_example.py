"""The example that a reader can redo with printf, sha256sum and base64: the shell and this program agree."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

from gatehouse.ledger import Checkpoint, VerifierKey, leaf_hash
from gatehouse.ledger.layout import encode_bundle
from gatehouse.ledger.merkle import Frontier
from gatehouse.ledger.note import ED25519

SCRIPT = Path(__file__).with_name("worked_example.sh")
ENTRIES = [b"the first entry", b"the second entry"]
# The public key of RFC 8032, section 7.1, test 1.
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


def test_worked_example_by_hand_is_what_the_program_computes() -> None:
    printed = subprocess.run(["bash", SCRIPT], check=True, capture_output=True, text=True).stdout
    frontier = Frontier()
    for entry in ENTRIES:
        frontier.append(leaf_hash(entry))
    key = VerifierKey("log.example/two", ED25519, PUBLIC)
    assert VerifierKey.parse(str(key)) == key
    assert printed == (
        f"leaf 0: {leaf_hash(ENTRIES[0]).hex()}\n"
        f"leaf 1: {leaf_hash(ENTRIES[1]).hex()}\n"
        f"root: {frontier.root().hex()}\n"
        f"checkpoint:\n{Checkpoint('log.example/two', 2, frontier.root()).text}"
        f"key id: {key.key_id.hex()}\n"
        f"bundle: {base64.b64encode(encode_bundle(ENTRIES)).decode()}\n"
    )
