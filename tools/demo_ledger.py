"""The demonstration's chapter on the ledger: ten entries, a receipt checked offline, and a change that shows.

Everything in it is invented. It needs no network; its folder is made anew each time.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

# The refused search of the sample's day, and its outcome.
REQUESTED, DENIED = 5, 6
SOUND, DOUBT = 0, 4


def play(command: Callable[..., int], root: Path, folder: Path) -> None:
    """Keep a book in `folder` (below `root`), check it as an outsider would, and change one byte of a copy.

    `command` shows and runs a command of `gatehouse`, in `root`, and returns its exit code.
    """
    shutil.rmtree(root / folder, ignore_errors=True)
    book, handed, copy = folder / "book", folder / "handed-out", folder / "copy"
    say(
        "The book (SYNTHETIC: invented agencies, people and searches). Every search is put on the record "
        "before it is decided, and so is what came of it."
    )
    _sound(command("init", book, "--origin", "ledger.example.org/prairie-bend"))
    _sound(command("append", book, "samples/ledger/events.json", "-o", handed))
    say(f"What the world sees of entry {DENIED}: that it happened, not to whom.")
    _sound(command("show", book, DENIED))
    say("A reporter is handed the entry, its receipt and one field, and checks them without asking anybody.")
    _sound(command("disclose", book, DENIED, "rules", "-o", handed / "rules.json"))
    shutil.copy(root / book / "policy", root / handed / "policy")
    _sound(
        command(
            "verify", handed / f"{DENIED}.tlog-proof",
            "--entry", handed / f"{DENIED}.entry",
            "--disclosure", handed / "rules.json",
            "--policy", handed / "policy",
        )
    )  # fmt: skip
    say("The whole book holds, from its entries up.")
    _sound(command("verify", book / "public", "--policy", handed / "policy"))
    shutil.copytree(root / book / "public", root / copy)
    change(root / copy)
    say(
        f"Now somebody changes one byte in a copy: what the officer's reason was, as entry {REQUESTED} "
        "has committed to it."
    )
    code = command("verify", copy, "--policy", handed / "policy")
    if code != DOUBT:
        raise SystemExit(f"the changed book was not refused: exit code {code}")
    say(
        "Caught, with exit code 4. Whoever holds the log's key could sign a changed book whole; that is what "
        "receipts in other hands and witnesses are for (docs/ledger.md)."
    )


def change(public: Path) -> None:
    """Change one hex digit of the commitment to the reason in the entry that asked."""
    (bundle,) = (public / "tile" / "entries").glob("**/10")
    data = bundle.read_bytes()
    at = 0
    for _ in range(REQUESTED):
        at += 2 + int.from_bytes(data[at : at + 2], "big")
    at = data.index(b'"reason":"', at) + len(b'"reason":"')
    other = b"0" if data[at : at + 1] != b"0" else b"1"
    bundle.write_bytes(data[:at] + other + data[at + 1 :])


def say(sentence: str) -> None:
    """Print a sentence of the story."""
    print(f"\n{sentence}", flush=True)


def _sound(code: int) -> None:
    if code != SOUND:
        raise SystemExit(code)
