"""Certificates of both sides: each knows the other's one certificate, and nobody else's."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gatehouse.model import BadUse
from gatehouse.vault.certificates import expiry_of, make_certificates, side
from gatehouse.vault.errors import VaultUnreachable
from gatehouse.vault.remote import RemoteVault
from gatehouse.vault.server import serving
from gatehouse.vault.tls import Tls
from tests.unit.vault.world import AT, World

HOUR = timedelta(hours=1)


def made(folder: Path, *hosts: str, at: datetime | None = None) -> Path:
    make_certificates(folder, hosts=hosts or ("127.0.0.1",), lasting=HOUR, at=at or datetime.now(UTC))
    return folder


def test_both_sides_know_each_other(tmp_path: Path) -> None:
    tls = made(tmp_path / "tls")
    world = World(tmp_path / "vault")
    with serving(world.vault, side(tls, "vault")) as url, RemoteVault(url, side(tls, "node")) as vault:
        assert vault.counters(AT.date())["counts"] == []
    world.vault.close()


@pytest.mark.parametrize(
    "case", ["another pair", "the vault's own certificate", "ended", "another host", "no trust"]
)
def test_nobody_else_is_known(tmp_path: Path, case: str) -> None:
    ours, theirs = made(tmp_path / "ours"), made(tmp_path / "theirs")
    node, vault_side = side(ours, "node"), side(ours, "vault")
    if case == "another pair":
        other = side(theirs, "node")
        node = Tls(other.certificate, other.key, node.authority)
    elif case == "the vault's own certificate":
        node = Tls(vault_side.certificate, vault_side.key, node.authority)
    elif case == "ended":
        old = made(tmp_path / "old", at=datetime.now(UTC) - 2 * HOUR)
        node, vault_side = side(old, "node"), side(old, "vault")
    elif case == "another host":
        elsewhere = made(tmp_path / "elsewhere", "vault.example.org")
        node, vault_side = side(elsewhere, "node"), side(elsewhere, "vault")
    else:
        node = Tls(node.certificate, node.key, side(theirs, "node").authority)
    world = World(tmp_path / "vault")
    with (
        serving(world.vault, vault_side) as url,
        RemoteVault(url, node) as vault,
        pytest.raises(VaultUnreachable),
    ):
        vault.counters(AT.date())
    world.vault.close()


def test_files_are_private_and_no_authoritys_key_is_kept(tmp_path: Path) -> None:
    tls = made(tmp_path / "tls", "127.0.0.1", "::1", "vault.example.org")
    files = sorted(path.relative_to(tls).as_posix() for path in tls.rglob("*.*"))
    names = ("authority.pem", "certificate.pem", "key.pem")
    assert files == [f"{each}/{name}" for each in ("node", "vault") for name in names]
    assert {oct((tls / name).stat().st_mode & 0o777) for name in files} == {"0o600"}
    assert b"PRIVATE" not in b"".join((tls / name).read_bytes() for name in files if "key" not in name)


def test_openssl_finds_both_sound(tmp_path: Path) -> None:
    tls = made(tmp_path / "tls")
    for name, purpose in (("vault", "sslserver"), ("node", "sslclient")):
        other = "node" if name == "vault" else "vault"
        command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile"]
        files = [str(side(tls, other).authority), str(side(tls, name).certificate)]
        done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_expiry_is_told_to_the_second(tmp_path: Path) -> None:
    at = datetime(2026, 11, 23, 16, 4, 5, tzinfo=UTC)
    tls = made(tmp_path / "tls", at=at)
    assert expiry_of(side(tls, "vault").certificate.read_bytes()) == at + HOUR


@pytest.mark.parametrize("host", ["", "two words", "https://vault.example.org", "vault.example.org:8470"])
def test_host_that_is_none_leaves_nothing(tmp_path: Path, host: str) -> None:
    with pytest.raises(BadUse, match="no host"):
        made(tmp_path / "tls", host)
    assert not (tmp_path / "tls").exists()


def test_certificates_are_never_made_over_others(tmp_path: Path) -> None:
    with pytest.raises(BadUse, match="something already"):
        made(made(tmp_path / "tls"))
