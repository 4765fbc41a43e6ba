"""Certificates for the mutual TLS between a node and its vault (X.509 by RFC 5280, P-256).

Each side gets an authority that has vouched for the other side's one certificate and for nothing else. The
authorities' keys are dropped as soon as they have signed, so nobody can have a second certificate made: to
renew, make both sides anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from gatehouse.model import BadUse
from gatehouse.signing.private_file import create_private
from gatehouse.vault.tls import Tls

SIDES = ("vault", "node")
CERTIFICATE, KEY, AUTHORITY = "certificate.pem", "key.pem", "authority.pem"
# Clocks of two hosts differ.
_EARLIER = timedelta(hours=1)


def side(folder: Path, name: str) -> Tls:
    """Return the files of one side of a folder that `make_certificates` has made."""
    place = folder / name
    return Tls(place / CERTIFICATE, place / KEY, place / AUTHORITY)


def make_certificates(folder: Path, *, hosts: Sequence[str], lasting: timedelta, at: datetime) -> datetime:
    """Make `vault/` and `node/` in a new folder, and return when their certificates end.

    `hosts` are the names or addresses by which the node calls the vault. What fails leaves nothing behind.
    """
    names = [_host(each) for each in hosts]
    if folder.exists():
        raise BadUse("there is something already", where=str(folder), expected="a new folder")
    until = (at + lasting).replace(microsecond=0)
    folder.mkdir(mode=0o700, parents=True)
    try:
        for name in SIDES:
            (folder / name).mkdir(mode=0o700)
        for name, use in zip(
            SIDES, (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH), strict=True
        ):
            own, other = side(folder, name), side(folder, SIDES[1 - SIDES.index(name)])
            _vouch(name, use, own, other.authority, names, at=at - _EARLIER, until=until)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return until


def expiry_of(certificate: bytes) -> datetime:
    """Return when a PEM certificate ends; what is none is `ValueError`."""
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc


def _vouch(
    name: str,
    use: ObjectIdentifier,
    own: Tls,
    authority: Path,
    hosts: Sequence[x509.GeneralName],
    *,
    at: datetime,
    until: datetime,
) -> None:
    """Write a side's key and certificate, and the authority by which the other side knows it."""
    signing = ec.generate_private_key(ec.SECP256R1())
    issuer = _named(f"gatehouse {name} authority")
    root = (
        _begun(issuer, issuer, signing.public_key(), signing, at=at, until=until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(signing, SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        _begun(_named(f"gatehouse {name}"), issuer, key.public_key(), signing, at=at, until=until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    )
    if use == ExtendedKeyUsageOID.SERVER_AUTH:
        leaf = leaf.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    create_private(own.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    create_private(own.certificate, leaf.sign(signing, SHA256()).public_bytes(Encoding.PEM))
    create_private(authority, root.public_bytes(Encoding.PEM))


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    signing: ec.EllipticCurvePrivateKey,
    *,
    at: datetime,
    until: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        pass
    if not text or not text.isascii() or any(sign.isspace() or sign in "/:" for sign in text):
        raise BadUse("that is no host", where="--host", expected="a name or an address", got=text)
    return x509.DNSName(text)
