"""Signers by URI: keys in files, URIs of tokens, and what a plug-in may bring."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from gatehouse.model import BadInput, BadUse, Error, PartUnavailable
from gatehouse.signing import Signer, create_key, open_signer, register, signer
from gatehouse.signing.token_uri import TokenUri


class TestFile:
    def test_key_created_opens_again_and_signs_the_same(self, tmp_path: Path) -> None:
        uri = f"file:{tmp_path / 'log.pem'}"
        made, opened = create_key(uri), open_signer(uri)
        assert made.public_key() == opened.public_key()
        assert made.uri == opened.uri == uri
        signature = opened.sign(b"message")
        assert signature == made.sign(b"message")
        Ed25519PublicKey.from_public_bytes(made.public_key()).verify(signature, b"message")

    def test_key_created_is_pkcs8_that_only_its_owner_reads(self, tmp_path: Path) -> None:
        path = tmp_path / "log.pem"
        before = os.umask(0)
        try:
            create_key(f"file://{path}")
        finally:
            os.umask(before)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
        assert [each.name for each in tmp_path.iterdir()] == ["log.pem"]

    def test_create_key_over_an_existing_file_is_refused(self, tmp_path: Path) -> None:
        uri = f"file:{tmp_path / 'log.pem'}"
        made = create_key(uri)
        with pytest.raises(BadUse, match="already stands there"):
            create_key(uri)
        assert open_signer(uri).public_key() == made.public_key()
        assert [each.name for each in tmp_path.iterdir()] == ["log.pem"]

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
    def test_key_that_others_may_use_is_refused(self, tmp_path: Path, mode: int) -> None:
        path = tmp_path / "log.pem"
        create_key(f"file:{path}")
        path.chmod(mode)
        with pytest.raises(BadInput, match=f"expected mode 0600; got mode {mode:04o}"):
            open_signer(f"file:{path}")

    def test_key_of_another_kind_encrypted_or_broken_is_refused(self, tmp_path: Path) -> None:
        encrypted = BestAvailableEncryption(b"secret")
        for data, match in (
            (
                generate_private_key(SECP256R1()).private_bytes(
                    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
                ),
                "expected Ed25519",
            ),
            (
                Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encrypted),
                "encrypted",
            ),
            (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no key"),
            (b"", "holds no key"),
            (b"x" * 70_000, "too large"),
        ):
            path = tmp_path / "log.pem"
            path.write_bytes(data)
            path.chmod(0o600)
            with pytest.raises(BadInput, match=match):
                open_signer(f"file:{path}")

    def test_key_that_is_not_there_or_a_pipe_is_refused_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(PartUnavailable, match="No such file"):
            open_signer(f"file:{tmp_path / 'none.pem'}")
        os.mkfifo(tmp_path / "pipe", 0o600)
        with pytest.raises(BadInput, match="regular file"):
            open_signer(f"file:{tmp_path / 'pipe'}")

    def test_folder_that_is_not_there_is_part_unavailable(self, tmp_path: Path) -> None:
        with pytest.raises(PartUnavailable, match="cannot be written"):
            create_key(f"file:{tmp_path / 'none' / 'log.pem'}")

    def test_escaped_path_is_read_as_a_uri(self, tmp_path: Path) -> None:
        create_key(f"file:{tmp_path}/a%20key%25%3F.pem")
        assert (tmp_path / "a key%?.pem").exists()

    @pytest.mark.parametrize("uri", ["file://host/x", "file:x?y=1", "file:x#y", "file:%00", "file://[x"])
    def test_uri_with_more_than_a_path_is_refused(self, uri: str) -> None:
        with pytest.raises(BadUse):
            open_signer(uri)

    def test_openssl_reads_the_key(self, tmp_path: Path) -> None:
        path = tmp_path / "log.pem"
        made = create_key(f"file:{path}")
        shown = subprocess.run(
            ["openssl", "pkey", "-in", str(path), "-pubout", "-outform", "DER"],
            check=True,
            capture_output=True,
        )
        assert shown.stdout[-32:] == made.public_key()


class TestScheme:
    @pytest.mark.parametrize("scheme", ["awskms", "gcpkms", "azurekms", "hashivault"])
    def test_cloud_without_a_plugin_is_part_unavailable_that_names_the_group(self, scheme: str) -> None:
        with pytest.raises(
            PartUnavailable, match=rf"entry point `{scheme}` in the group `gatehouse.signers`"
        ):
            open_signer(f"{scheme}://projects/x")

    @pytest.mark.parametrize("uri", ["", "file", "file:", "/etc/key", "FILE:x", "nothing:x"])
    def test_unknown_scheme_is_bad_use(self, uri: str) -> None:
        with pytest.raises(BadUse):
            open_signer(uri)

    def test_registered_backend_serves_its_scheme(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Cloud:
            def open_signer(self, uri: str) -> Signer:
                return create_key(f"file:{tmp_path / 'opened.pem'}")

            def create_key(self, uri: str) -> Signer:
                return create_key(f"file:{tmp_path / 'created.pem'}")

        monkeypatch.setattr(signer, "_registered", {})
        register("gcpkms", Cloud())
        assert open_signer("gcpkms://x").uri.endswith("opened.pem")
        assert create_key("gcpkms://x").uri.endswith("created.pem")
        for taken in ("gcpkms", "file", "pkcs11"):
            with pytest.raises(BadUse, match="already leads"):
                register(taken, Cloud())

    def test_installed_plugin_is_found_by_its_entry_point(self, tmp_path: Path) -> None:
        (tmp_path / "cloudy.py").write_text(
            "class Backend:\n"
            "    def open_signer(self, uri):\n        return ('opened', uri)\n"
            "BACKEND = Backend()\n"
        )
        info = tmp_path / "cloudy-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cloudy\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[gatehouse.signers]\nawskms = cloudy:BACKEND\n")
        shown = subprocess.run(
            [
                sys.executable,
                "-c",
                "from gatehouse.signing import open_signer; print(open_signer('awskms:///x'))",
            ],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            check=True,
            capture_output=True,
            text=True,
        )
        assert shown.stdout == "('opened', 'awskms:///x')\n"


class TestTokenUri:
    def test_uri_of_the_standard_is_read(self) -> None:
        # After the examples of RFC 7512, section 3.
        uri = TokenUri.parse(
            "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;serial=;"
            "object=my%20key;type=private;id=%69%95?module-path=/m.so&pin-source=file:/pin"
        )
        assert uri == TokenUri(
            token={
                "token": "The Software PKCS#11 Softtoken",
                "manufacturer": "Snake Oil, Inc.",
                "serial": "",
            },
            label="my key",
            id=b"\x69\x95",
            module_path="/m.so",
            pin_source="file:/pin",
        )

    def test_pin_in_the_uri_is_refused_and_not_quoted(self) -> None:
        for uri in ("pkcs11:object=x?pin-value=271828", "pkcs11:object=x;pin-value=271828"):
            with pytest.raises(BadUse, match="does not belong in a URI") as caught:
                open_signer(uri)
            assert "271828" not in str(caught.value)

    @pytest.mark.parametrize(
        "rest",
        [
            "token=x",
            "object=x;object=y",
            "object=x;color=red",
            "object=x;type=public",
            "object",
            "object=x;slot-id=one",
            "object=%ff",
            "object=x?module-name=y",
        ],
    )
    def test_uri_that_names_no_one_key_is_refused(self, rest: str) -> None:
        with pytest.raises(BadUse):
            open_signer(f"pkcs11:{rest}")

    def test_pin_from_a_command_or_an_open_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadUse, match="no command"):
            TokenUri.parse("pkcs11:object=x?pin-source=|cat%20/pin").pin()
        path = tmp_path / "pin"
        path.write_text("271828")
        path.chmod(0o644)
        for source in (f"file:{path}", f"file://{path}", str(path)):
            with pytest.raises(BadInput, match="mode 0644"):
                TokenUri.parse(f"pkcs11:object=x?pin-source={source}").pin()

    def test_module_that_is_named_nowhere_or_missing_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("GATEHOUSE_PKCS11_MODULE", raising=False)
        with pytest.raises(BadUse, match="GATEHOUSE_PKCS11_MODULE"):
            open_signer("pkcs11:object=x")
        with pytest.raises(PartUnavailable, match="no such PKCS#11 module"):
            open_signer(f"pkcs11:object=x?module-path={tmp_path / 'none.so'}")

    def test_file_that_is_no_module_is_part_unavailable(self, tmp_path: Path) -> None:
        path = tmp_path / "module.so"
        path.write_bytes(b"no library")
        with pytest.raises(Error) as caught:
            open_signer(f"pkcs11:object=x?module-path={path}")
        assert caught.value.exit_code == 5
