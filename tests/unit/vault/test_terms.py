"""What a vault in a process of its own goes by: read again when it changes, and nothing unclear in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gatehouse.ledger.policy import Policy
from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.vault.errors import RootMissing
from gatehouse.vault.local import LocalVault
from gatehouse.vault.retention import Keeping, RetentionClass
from gatehouse.vault.terms import LiveTerms, create_vault, read_terms
from tests.unit.ledger.made import log_key

PACK = "ab" * 32
POLICY = f"log {log_key().vkey}\nquorum none\n"


def made(folder: Path, **changed: object) -> Path:
    create_vault(
        folder,
        **{  # type: ignore[arg-type]  # as the cases give them
            "name": "vault-1",
            "policy": POLICY,
            "pack": PACK,
            "owners": {"alder-pd": 43_200},
            **changed,
        },
    )
    return folder


def reworded(folder: Path, old: str, new: str) -> None:
    path = folder / "vault.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    # Two changes may fall into one tick of a file system's clock.
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def test_vault_that_was_made_says_what_it_was_told(tmp_path: Path) -> None:
    terms = read_terms(made(tmp_path / "vault", root=tmp_path / "root"))
    assert (terms.host, terms.port, terms.root) == ("127.0.0.1", 8470, tmp_path / "root")
    assert terms.policy == Policy.parse(POLICY)
    assert terms.pack_sha256.hex() == PACK
    assert terms.owners == {"alder-pd": Keeping(RetentionClass(43_200))}
    assert [oct(path.stat().st_mode & 0o777) for path in sorted((tmp_path / "vault").iterdir())] == (
        ["0o600"] * 3
    )
    assert (tmp_path / "root").is_file()


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"policy": "quorum none\n"}, BadUse),
        ({"policy": "quorum all\n"}, BadInput),
        ({"name": "Vault 1"}, BadUse),
        ({"pack": "ab"}, BadInput),
        ({"owners": {"alder-pd": 0}}, BadInput),
        ({"owners": {"": 60}}, BadInput),
    ],
)
def test_vault_that_cannot_be_leaves_nothing(
    tmp_path: Path, changed: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        made(tmp_path / "vault", **changed)
    assert not (tmp_path / "vault").exists() or not list((tmp_path / "vault").iterdir())


def test_vault_is_never_made_over_another(tmp_path: Path) -> None:
    made(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(BadUse, match="something already"):
        made(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("port = 8470", "port = 70000", "serve.port"),
        ("port = 8470", "prt = 8470", "serve.prt"),
        (f'pack = "{PACK}"', "", "trust.pack"),
        ("= 43200", '= "43200"', "retention_minutes.alder-pd"),
        ("= 43200", "= 1.5", "retention_minutes.alder-pd"),
    ],
)
def test_terms_that_are_unclear_are_refused_with_their_place(
    tmp_path: Path, old: str, new: str, place: str
) -> None:
    reworded(made(tmp_path), old, new)
    with pytest.raises(BadInput, match="cannot be used") as refused:
        read_terms(tmp_path)
    assert refused.value.where == f"{tmp_path / 'vault.toml'}, {place}"


@pytest.mark.parametrize("name", ["vault.toml", "policy"])
def test_terms_that_others_may_write_are_refused(tmp_path: Path, name: str) -> None:
    (made(tmp_path) / name).chmod(0o620)
    with pytest.raises(BadInput, match="others may write") as refused:
        read_terms(tmp_path)
    assert refused.value.where == str(tmp_path / name)


def test_terms_count_anew_as_soon_as_a_file_changes(tmp_path: Path) -> None:
    live = LiveTerms(made(tmp_path))
    assert (live.keeping("alder-pd"), live.keeping("birch-so")) == (Keeping(RetentionClass(43_200)), None)
    reworded(tmp_path, "43200", "60")
    assert live.keeping("alder-pd") == Keeping(RetentionClass(60))
    reworded(tmp_path, PACK, "cd" * 32)
    assert live.pack_sha256().hex() == "cd" * 32
    other = f"log {log_key('ledger.example.org/birch').vkey}\nquorum none\n"
    (tmp_path / "policy").write_text(other)
    assert live.policy() == Policy.parse(other)


def test_terms_that_cannot_be_read_any_more_stop_the_vault_until_they_can(tmp_path: Path) -> None:
    live = LiveTerms(made(tmp_path))
    reworded(tmp_path, "43200", "many")
    for ask in (live.policy, live.pack_sha256, lambda: live.keeping("alder-pd")):
        with pytest.raises(PartUnavailable, match="goes by"):
            ask()
    reworded(tmp_path, "many", "60")
    assert live.keeping("alder-pd") == Keeping(RetentionClass(60))
    (tmp_path / "policy").unlink()
    with pytest.raises(PartUnavailable, match="goes by"):
        live.policy()


def test_vault_whose_root_is_elsewhere_opens_with_it_only(tmp_path: Path) -> None:
    live = LiveTerms(made(tmp_path / "vault", root=tmp_path / "root"))
    for root, opens in ((None, False), (tmp_path / "root", True)):
        if opens:
            LocalVault(
                tmp_path / "vault",
                policy=live.policy,
                owners=live.keeping,
                pack_sha256=live.pack_sha256,
                root=root,
            ).close()
            continue
        with pytest.raises(RootMissing):
            LocalVault(
                tmp_path / "vault",
                policy=live.policy,
                owners=live.keeping,
                pack_sha256=live.pack_sha256,
                root=root,
            )
