"""The one configuration file of a node, `node.toml`: every key with what it means and its bounds.

A key that is not known is refused, and so is a value out of its bounds. What is secret does not stand in the
file: `env:NAME` takes it from the environment, `file:PATH` from a file that its owner alone may read.
Relative paths are taken from the folder of `node.toml`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.node.bodies import misread
from gatehouse.signing.private_file import read_private
from gatehouse.vault.image_files import Keep
from gatehouse.vault.tls import Tls

CONFIG = "node.toml"
_LARGEST = 256 * 1024

Seconds = Annotated[int, Field(ge=1, le=86_400)]
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$")]
File = Annotated[str, Field(min_length=1, max_length=1024)]
SecretRef = Annotated[str, Field(pattern=r"^(?:env:[A-Z][A-Z0-9_]*|file:.+)$", max_length=1024)]


class Section(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Http(Section):
    """Where the node answers."""

    host: Host = Field("127.0.0.1", description="Address that the node listens on.")
    port: int = Field(8443, ge=0, le=65_535, description="Port that the node listens on; 0 takes a free one.")
    url: str = Field(
        "http://localhost:8443",
        pattern=r"^https?://[A-Za-z0-9.:\[\]-]{1,253}$",
        description="Address under which people reach the node: the origin of its pages and passkeys.",
    )
    tls_certificate: File | None = Field(
        None, description="PEM file of the certificate; without one a proxy in front MUST speak TLS."
    )
    tls_key: File | None = Field(None, description="PEM file of the certificate's key.")
    proxies: tuple[Host, ...] = Field(
        (), max_length=16, description="Addresses of proxies in front, believed where requests come from."
    )


class LedgerConfig(Section):
    """The record."""

    folder: File = Field("ledger", description="Folder of the ledger.")
    receipt_wait: Seconds = Field(60, le=600, description="Seconds that an entry waits for witnesses.")
    export_every: Seconds = Field(60, description="Seconds between exports of the public log.")


class VaultConfig(Section):
    """Keys, tokens and sealing: in this process, or in one that somebody else keeps."""

    folder: File = Field("vault", description="Folder of the vault; never a part of a backup.")
    root: File | None = Field(
        None,
        description="File of the root key, best on a small volume of its own; <folder>/root if not given.",
    )
    name: str = Field(
        "vault", pattern=r"^[a-z0-9-]{1,64}$", description="Name that the vault's daily counters bear."
    )
    sweep_every: int = Field(
        300, ge=10, le=3_600, description="Seconds between sweeps, which destroy the keys that are due."
    )
    url: str | None = Field(
        None,
        pattern=r"^https://[A-Za-z0-9.:\[\]-]{1,253}$",
        description="Address of a vault in a process of its own; without one the node keeps the vault.",
    )
    certificate: File = Field(
        "vault-tls/certificate.pem", description="PEM file of the node's certificate for that vault."
    )
    key: File = Field("vault-tls/key.pem", description="PEM file of the certificate's key.")
    authority: File = Field(
        "vault-tls/authority.pem", description="PEM file of who vouches for the vault's certificate."
    )


class ReadsConfig(Section):
    """The read store."""

    url: str = Field(
        "sqlite:///reads.sqlite",
        max_length=1024,
        pattern=r"^(?:sqlite:///|postgres(?:ql)?://|env:|file:).+",
        description="sqlite:///PATH, postgresql://USER@HOST/DATABASE, or env:NAME or file:PATH of one.",
    )
    expire_every: int = Field(
        600, ge=10, le=86_400, description="Seconds between deletions of rows that have expired."
    )


class ImagesConfig(Section):
    """Pictures of reads: sealed files, which end with the keys of their reads."""

    folder: File = Field("images", description="Folder of the pictures; never a part of a backup.")
    keep: Keep = Field(
        Keep.HITS,
        description="none, hits (others are dropped after 20 minutes) or all: which pictures are kept.",
    )
    most_megabytes: int = Field(
        2_048,
        ge=1,
        le=100_000_000,
        description="What pictures may take on the disk; beyond that cameras are told to come again.",
    )


class IntakeConfig(Section):
    """Reads coming in."""

    most_waiting: int = Field(
        200_000,
        ge=1_000,
        le=5_000_000,
        description="Reads that may wait to be stored; beyond that cameras are told to come again.",
    )
    rows: int = Field(
        20_000, ge=100, le=1_000_000, description="Reads that one transaction of the store takes, about."
    )
    retry_after: int = Field(
        2, ge=1, le=300, description="Seconds after which a camera that was sent away comes again."
    )


class SearchConfig(Section):
    """The door."""

    review_hours: int = Field(24, ge=1, le=168, description="Hours that a search waits for its reviewers.")
    signature_minutes: int = Field(
        5, ge=1, le=15, description="Minutes that an officer's signature under a search is good for."
    )
    candidates: int = Field(
        5_000, ge=1, le=100_000, description="Plates that an officer's patterns may mean, a case and day."
    )
    officer_hour: int = Field(
        120, ge=1, le=10_000, description="Searches of one person in an hour, asked or entered."
    )
    agency_hour: int = Field(3_000, ge=1, le=1_000_000, description="Searches of one agency in an hour.")
    paper_hours: int = Field(
        48, ge=1, le=168, description="Hours within which the paper of an exigent search is due."
    )
    cases: int = Field(
        4,
        ge=1,
        le=100,
        description="Times the candidates of one case that an officer has in all cases of a day.",
    )
    same_plate: int = Field(
        3, ge=1, le=100, description="Searches of a plate by an officer after which one more sets a mark."
    )
    same_plate_days: int = Field(30, ge=1, le=30, description="Days within which they count.")
    volume: int = Field(40, ge=1, le=10_000, description="Searches of an officer in a day that set no mark.")
    volume_ratio: int = Field(
        4, ge=2, le=100, description="Times the usual day that set no mark; times `volume`, for an agency."
    )
    hours_known: int = Field(
        30, ge=5, le=1_000, description="Searches after which an officer's own hours are known."
    )
    hours_apart: int = Field(4, ge=1, le=11, description="Hours from the nearest own one that set a mark.")
    history_days: int = Field(
        90, ge=30, le=366, description="Days that marks look back on; then even hashes of plates go."
    )


class AccountsConfig(Section):
    """People signing in."""

    domain: Host = Field("localhost", description="Domain that passkeys are good for, that of `http.url`.")
    name: str = Field("Gatehouse", min_length=1, max_length=64, description="Name that passkeys show.")
    idle_minutes: int = Field(15, ge=1, le=60, description="Minutes after which an unused session ends.")
    session_hours: int = Field(8, ge=1, le=12, description="Hours after which every session ends.")


class OidcConfig(Section):
    """An OpenID provider that people sign in at; without the table there is none."""

    issuer: str = Field(max_length=1024, description="The provider's issuer.")
    client_id: str = Field(min_length=1, max_length=256, description="The node's id at the provider.")
    client_secret: SecretRef | None = Field(None, description="env:NAME or file:PATH of the secret.")
    max_age_hours: int = Field(8, ge=1, le=24, description="How old a sign-in at the provider may be.")
    acr_values: tuple[str, ...] = Field((), max_length=8, description="Assurance levels, one needed.")
    required_amr: tuple[str, ...] = Field((), max_length=8, description="Methods, one needed.")


class LogConfig(Section):
    """What the node says of itself, as JSON lines on standard error."""

    level: Annotated[str, Field(pattern=r"^(?:debug|info|warning|error)$")] = Field(
        "info", description="debug, info, warning or error."
    )


class Config(Section):
    """A node's configuration."""

    http: Http = Http()  # type: ignore[call-arg]  # every key has a default
    ledger: LedgerConfig = LedgerConfig()  # type: ignore[call-arg]
    vault: VaultConfig = VaultConfig()  # type: ignore[call-arg]
    reads: ReadsConfig = ReadsConfig()  # type: ignore[call-arg]
    intake: IntakeConfig = IntakeConfig()  # type: ignore[call-arg]
    images: ImagesConfig = ImagesConfig()  # type: ignore[call-arg]
    search: SearchConfig = SearchConfig()  # type: ignore[call-arg]
    accounts: AccountsConfig = AccountsConfig()  # type: ignore[call-arg]
    oidc: OidcConfig | None = None
    log: LogConfig = LogConfig()  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True)
class Located:
    """A configuration, and the folder that its relative paths are taken from."""

    folder: Path
    config: Config

    @property
    def ledger(self) -> Path:
        """Return the ledger's folder."""
        return self.folder / self.config.ledger.folder

    @property
    def vault(self) -> Path:
        """Return the vault's folder."""
        return self.folder / self.config.vault.folder

    @property
    def root(self) -> Path:
        """Return the file of the vault's root key."""
        given = self.config.vault.root
        return self.vault / "root" if given is None else self.folder / given

    @property
    def remote_vault(self) -> tuple[str, Tls] | None:
        """Return where a vault in another process is and this node's side of the TLS, None without one."""
        found = self.config.vault
        if found.url is None:
            return None
        return found.url, Tls(
            *(self.folder / each for each in (found.certificate, found.key, found.authority))
        )

    @property
    def keys(self) -> Path:
        """Return the folder of the node's own keys."""
        return self.folder / "keys"

    @property
    def images(self) -> Path:
        """Return the folder of the sealed pictures."""
        return self.folder / self.config.images.folder

    @property
    def leads(self) -> Path:
        """Return the folder of the keys that what was read for hits is sealed under."""
        return self.folder / "leads"

    @property
    def accounts(self) -> Path:
        """Return the file of the accounts."""
        return self.folder / "accounts.sqlite"

    @property
    def published(self) -> Path:
        """Return the folder of what the world may see beside the log."""
        return self.folder / "published"

    def reads_url(self) -> str:
        """Return the address of the read store, its secret put in."""
        url = self.config.reads.url
        found = self.secret(url) if url.startswith(("env:", "file:")) else url
        path = found.removeprefix("sqlite:///")
        if path == found or path.startswith("/"):
            return found
        return f"sqlite:///{self.folder.absolute() / path}"

    def secret(self, reference: str) -> str:
        """Return a secret from where its reference says; one that is not there is `PartUnavailable`."""
        kind, _, name = reference.partition(":")
        if kind == "env":
            found = os.environ.get(name)
            if not found:
                raise PartUnavailable("a secret is not in the environment", where=name)
            return found
        return read_private(self.folder / name).decode("utf-8", "replace").strip()

    def within(self, path: str) -> Path:
        """Return a path of the configuration."""
        return self.folder / path


def load_config(folder: Path) -> Located:
    """Return the configuration of a node's folder; anything unclear in it is `BadInput`."""
    path = folder / CONFIG
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        found = tomllib.loads(data.decode())
    except FileNotFoundError:
        raise BadUse(
            "this folder holds no node", where=str(folder), hint="make one with `gatehouse node init`"
        ) from None
    except OSError as error:
        raise PartUnavailable(
            "the configuration cannot be read", where=str(path), got=error.strerror
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput("the configuration is not TOML", where=str(path), got=type(error).__name__) from error
    return Located(folder, read_config(found, where=CONFIG))


def read_config(found: dict[str, Any], *, where: str) -> Config:
    """Return a configuration; an unknown key or a value out of its bounds is `BadInput`."""
    try:
        return Config.model_validate(found)
    except ValidationError as error:
        refused = misread(error, "configuration", where)
        refused.hint = "`gatehouse config show` lists every key with its bounds"
        raise refused from None


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the file: its value here, its default, and what it means."""

    name: str
    value: Any
    default: Any
    bounds: str
    description: str


def keys_of(config: Config) -> Iterator[Key]:
    """Yield every key with its value, in the order of the file; secrets are references, so none shows."""
    for table in Config.model_fields:
        section = getattr(config, table)
        model = OidcConfig if table == "oidc" else type(section)
        for name, described in model.model_fields.items():
            default = None if described.is_required() else described.default
            value = getattr(section, name) if section is not None else None
            yield Key(f"{table}.{name}", value, default, _bounds(described), described.description or "")


def _bounds(field: FieldInfo) -> str:
    """Return what a value must be, in a few words."""
    limits: dict[str, list[int]] = {}
    for each in field.metadata:
        for name in ("ge", "le", "max_length"):
            if (limit := getattr(each, name, None)) is not None:
                limits.setdefault(name, []).append(limit)
    # Where a kind of value and a key both bound it, the narrower bound holds.
    if "ge" in limits or "le" in limits:
        low, high = max(limits.get("ge", [])), min(limits.get("le", []))
        return f"{low} to {high}"
    if "max_length" in limits:
        return f"at most {min(limits['max_length'])} long"
    return "required" if field.is_required() else ""


def hours(number: int) -> timedelta:
    """Return a number of hours as a span."""
    return timedelta(hours=number)
