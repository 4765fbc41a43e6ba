"""`gatehouse ledger init | show | proof | disclose | publish`."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from gatehouse.ledger import Policy
from gatehouse.ledger.commitment import FIELDS
from gatehouse.ledger.folder import Ledger
from gatehouse.ledger.note import VerifierKey
from gatehouse.ledger.settings import Folder
from tests.unit.cli.ledgers import GATEHOUSE, ORIGIN, PACK, Shell, event, events


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger"
    Ledger.create(path, origin=ORIGIN)
    return path


class TestInit:
    def test_init_json_gives_the_key_that_the_policy_trusts(self, shell: Shell, tmp_path: Path) -> None:
        made = shell.json("init", tmp_path / "new", "--origin", ORIGIN)
        assert made == {"origin": ORIGIN, "vkey": made["vkey"], "public": str(tmp_path / "new/public")}
        assert VerifierKey.parse(made["vkey"]).name == ORIGIN
        assert Folder(tmp_path / "new").policy() == Policy.parse(f"log {made['vkey']}\nquorum none\n")

    def test_init_words_end_with_the_key(self, shell: Shell, tmp_path: Path) -> None:
        said = shell.words("init", tmp_path / "new", "--origin", ORIGIN).splitlines()
        assert said[0] == f"Ledger {ORIGIN} in {tmp_path / 'new'}. Its key, for everybody who checks it:"
        assert VerifierKey.parse(said[1]).name == ORIGIN and len(said) == 2

    def test_init_keeps_keys_for_their_owner_alone(self, ledger: Path) -> None:
        private = [ledger, *(ledger / name for name in ("kek", "log.pem", "policy", "ledger.toml"))]
        assert [oct(each.stat().st_mode & 0o077) for each in private] == ["0o0"] * 5

    def test_init_over_a_ledger_is_bad_use_and_leaves_it(self, shell: Shell, ledger: Path) -> None:
        before = (ledger / "log.pem").read_bytes()
        found = shell.json("init", ledger, "--origin", "another.example", code=2)
        assert (found["error"], found["what"]) == ("BadUse", "there is something already")
        assert (ledger / "log.pem").read_bytes() == before

    def test_init_over_a_file_is_bad_use(self, shell: Shell, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine")
        shell.json("init", tmp_path / "file", "--origin", ORIGIN, code=2)
        assert (tmp_path / "file").read_text() == "mine"

    @pytest.mark.parametrize(
        ("origin", "signer"),
        [
            ("two words", "file:log.pem"),
            ("plus+sign", "file:log.pem"),
            ("", "file:log.pem"),
            ('quo"te', "file:log.pem"),
            (ORIGIN, "log.pem"),
            (ORIGIN, "file:log.pem?query"),
            (ORIGIN, "nowhere:key"),
            (ORIGIN, 'file:quo"te'),
            (ORIGIN, "pkcs11:token=town"),
        ],
    )
    def test_init_with_a_bad_name_or_signer_leaves_nothing(
        self, shell: Shell, tmp_path: Path, origin: str, signer: str
    ) -> None:
        found = shell.json("init", tmp_path / "new", "--origin", origin, "--signer", signer, code=2)
        assert found["error"] == "BadUse"
        assert list(tmp_path.iterdir()) == []

    def test_init_takes_a_key_that_exists(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        uri = f"file:{ledger / 'log.pem'}"
        made = shell.json("init", tmp_path / "second", "--origin", "other.example", "--signer", uri)
        first = VerifierKey.parse(Folder(ledger).policy().log_keys[0])
        assert VerifierKey.parse(made["vkey"]).public == first.public

    def test_init_in_a_folder_whose_name_needs_quoting_works(self, shell: Shell, tmp_path: Path) -> None:
        folder = tmp_path / "100% #1 [log]?"
        shell.json("init", folder, "--origin", ORIGIN)
        shell.json("append", folder, events(event(), folder=tmp_path))
        assert shell.json("verify", folder)["size"] == 1


class TestShow:
    def test_show_json_holds_the_entry_as_it_is(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        shell.json("append", ledger, events(event(plate="QX7193"), folder=tmp_path))
        found = shell.json("show", ledger, 0)
        text = json.dumps(found["entry"], separators=(",", ":"), sort_keys=True).encode()
        assert found["leaf_hash"] == sha256(b"\0" + text).hexdigest()
        assert (found["index"], found["entry"]["pack"], found["entry"]["sequence"]) == (0, PACK, 0)

    def test_show_words_tell_the_clear_part_and_no_value(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(plate="QX7193"), event(), folder=tmp_path))
        said = shell.words("show", ledger, 1)
        rows = dict(line.split(maxsplit=1) for line in said.splitlines() if line[:1].strip())
        assert (rows["event"], rows["agency"]) == ("search:plate:requested", "alder-pd, entry 1 of its own")
        assert " ".join(said.split()).endswith(", ".join(FIELDS))
        assert "QX7193" not in said and max(map(len, said.splitlines())) <= 100

    def test_show_beyond_the_log_is_bad_use(self, shell: Shell, ledger: Path) -> None:
        assert shell.json("show", ledger, 0, code=2)["what"] == "no such entry is published"
        assert "not in the range" in shell.json("show", ledger, 2**63, code=2)["what"]

    def test_show_of_an_entry_of_another_program_is_refused(self, shell: Shell, ledger: Path) -> None:
        with Ledger.open(ledger) as opened:
            opened.log.append(b"anything")
        assert shell.json("show", ledger, 0, code=4)["error"] == "InvalidEntry"


class TestProofAndDisclose:
    def test_proof_words_are_the_receipt_itself(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        receipt = shell.json("append", ledger, events(event(), folder=tmp_path))["appended"][0]["receipt"]
        assert shell.words("proof", ledger, 0) == receipt
        assert shell.json("proof", ledger, 0, "-o", tmp_path / "p") == {"index": 0, "receipt": receipt}
        assert (tmp_path / "p").read_text("utf-8") == receipt
        assert shell.words("proof", ledger, 0, "-o", tmp_path / "p") == (
            f"The receipt of entry 0 is in {tmp_path / 'p'}.\n"
        )

    @pytest.mark.parametrize("name", ["proof", "disclose"])
    def test_output_into_a_folder_is_bad_use(
        self, shell: Shell, ledger: Path, tmp_path: Path, name: str
    ) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        field = ["plate"] if name == "disclose" else []
        found = shell.json(name, ledger, 0, *field, "-o", tmp_path, code=2)
        assert found["what"] == "a folder stands there"

    def test_disclose_json_opens_one_field_and_is_the_file(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        given = event(plate="QX7193", purpose="stolen_vehicle_or_plate")
        shell.json("append", ledger, events(given, folder=tmp_path))
        found = shell.json("disclose", ledger, 0, "purpose", "-o", tmp_path / "d.json")
        assert found == {
            "field": "purpose",
            "index": 0,
            "key": found["key"],
            "schema": "gatehouse-disclosure/1",
            "value": "stolen_vehicle_or_plate",
        }
        canonical = json.dumps(found, separators=(",", ":"), sort_keys=True) + "\n"
        assert (tmp_path / "d.json").read_text("utf-8") == canonical
        assert shell.words("disclose", ledger, 0, "purpose") == canonical

    def test_disclose_of_an_unknown_field_is_bad_use(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        found = shell.json("disclose", ledger, 0, "colour", code=2)
        assert found["expected"] == ", ".join(FIELDS)

    def test_disclose_without_the_key_encryption_key_is_unavailable(
        self, shell: Shell, ledger: Path, tmp_path: Path
    ) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        (ledger / "kek").unlink()
        assert shell.json("disclose", ledger, 0, "plate", code=5)["where"] == str(ledger / "kek")


class TestPublish:
    def test_publish_says_what_the_world_sees(self, shell: Shell, ledger: Path, tmp_path: Path) -> None:
        shell.json("append", ledger, events(event(), folder=tmp_path))
        (ledger / "public/checkpoint").unlink()
        assert shell.words("publish", ledger) == f"public/ has 1 entry. Signed by {ORIGIN}.\n"
        found = shell.json("publish", ledger)
        assert (ledger / "public/checkpoint").read_text("utf-8") == found.pop("checkpoint")
        assert found == {"origin": ORIGIN, "size": 1}


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that every user may enter and read, for a user who may write nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        Ledger.create(path / "ledger", origin=ORIGIN)
        (path / "event.json").write_text(json.dumps(event()), "utf-8")
        (path / "closed").mkdir(mode=0o500)
        yield path
        (path / "closed").chmod(0o700)


@pytest.mark.parametrize(
    ("arguments", "mode"),
    [
        (["init", "closed/new", "--origin", ORIGIN], 0o700),
        (["append", "ledger", "event.json"], 0o000),
        (["append", "ledger", "event.json"], 0o500),
        (["show", "ledger", "0"], 0o000),
        (["verify", "ledger"], 0o000),
        (["fsck", "ledger"], 0o000),
        (["witness", "closed/w", "--name", "witness.example"], 0o700),
    ],
)
def test_command_without_permission_is_unavailable(readable: Path, arguments: list[str], mode: int) -> None:
    (readable / "ledger").chmod(mode)
    # Root may do anything unless it gives that up for good.
    gives_up = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"] if os.geteuid() == 0 else []
    command = [*gives_up, str(GATEHOUSE), "ledger", *arguments, "--json"]
    done = subprocess.run(command, cwd=readable, capture_output=True, text=True, check=False)
    (readable / "ledger").chmod(0o700)
    assert (done.returncode, done.stderr) == (5, "")
    assert "denied" in json.loads(done.stdout)["got"] or "READONLY" in json.loads(done.stdout)["got"]
    assert list((readable / "closed").iterdir()) == []
