"""Changes of the network as custodians state them: rules, people, cameras, sources, links to a provider.

Each `intent` is the document that is signed for it, every word that the request itself will have.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints

from gatehouse.ledger.canonical import Json
from gatehouse.model import Camera, CameraStatus, Officer, Role, Scope
from gatehouse.node.bodies import (
    AgreementBody,
    Body,
    CameraBody,
    DeclarationBody,
    Hash,
    Joining,
    Kind,
    Name,
    OfficerBody,
    OwnerBody,
    PackBody,
    SharingBody,
    written,
)
from gatehouse.node.bodies import Id as RegistryId
from gatehouse.web.api.asking import Line
from gatehouse.web.api.model import Given, Id, Time

Subject = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]
Issuer = Annotated[str, StringConstraints(min_length=1, max_length=1_024, pattern=r"^[\x21-\x7e]+$")]


class _Change(Given):
    subject: Annotated[str, StringConstraints(max_length=129)] | None = Field(
        default=None, description="Which rule is taken away, where `after` is null; else left out"
    )
    valid_from: Time | None = Field(default=None, description="In force from then on; at once unless said")
    backtest: Hash | None = Field(
        default=None, description="SHA-256 of the backtest that goes with it, where it loosens something"
    )


class AgreementChange(_Change):
    """What an owner lets a searcher do; its custodians decide. The subject is `owner/searcher`."""

    kind: Literal[Kind.AGREEMENT]
    after: AgreementBody | None


class DeclarationChange(_Change):
    """A searcher's word not to use reads for some matters; its custodians decide."""

    kind: Literal[Kind.DECLARATION]
    after: DeclarationBody | None


class OwnerChange(_Change):
    """An owner's own rule; its custodians decide."""

    kind: Literal[Kind.OWNER]
    after: OwnerBody | None


class SharingChange(_Change):
    """An owner's switch over all its agreements; its custodians decide."""

    kind: Literal[Kind.SHARING]
    after: SharingBody | None


class PackChange(_Change):
    """Rulebook and lexicon of the node, which lie in its folder by then; the operator's custodians decide."""

    kind: Literal[Kind.PACK]
    after: PackBody


class AgencyChange(_Change):
    """An agency that joins, with its first custodians; the operator's custodians decide."""

    kind: Literal[Kind.AGENCY]
    after: Joining


class CustodianChange(_Change):
    """A further custodian; those of the agency decide, and the operator's where it has one left or none."""

    kind: Literal[Kind.CUSTODIAN]
    after: OfficerBody


ChangeWanted: TypeAlias = Annotated[
    AgreementChange
    | DeclarationChange
    | OwnerChange
    | SharingChange
    | PackChange
    | AgencyChange
    | CustodianChange,
    Field(discriminator="kind"),
]


class PersonWanted(Given):
    """A person of the own agency. A custodian is added by a change; the role can only be taken here."""

    id: RegistryId
    name: Name
    roles: Annotated[frozenset[Role], Field(min_length=1)]

    def officer(self, agency: str) -> Officer:
        """Return the person of that agency."""
        return Officer(self.id, agency, self.name, self.roles)


class CameraWanted(Given):
    """A camera of the own agency. Degrees are WGS 84; `key` is its Ed25519 public key in hex."""

    id: RegistryId
    name: Name
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    heading: Annotated[int, Field(ge=0, lt=360)] | None = None
    key: Hash
    status: CameraStatus = CameraStatus.ACTIVE
    peak: Annotated[int, Field(ge=1, le=60_000)] = Field(
        default=240, description="Reads a minute that it can have at most"
    )

    def camera(self, agency: str) -> Camera:
        """Return the camera of that agency."""
        return Camera(
            self.id,
            agency,
            self.name,
            self.latitude,
            self.longitude,
            self.heading,
            bytes.fromhex(self.key),
            self.status,
            self.peak,
        )


class SourceWanted(Given):
    """Where lists come from and who answers for it. An authoritative one takes two custodians and waits."""

    name: Annotated[Line, StringConstraints(max_length=100)]
    officer: Id
    authoritative: bool = False
    scope: Scope = Scope.OWN
    longest_age_seconds: Annotated[int, Field(ge=300, le=604_800)] | None = Field(
        default=None, description="How old the newest list may be; two days unless said"
    )

    @property
    def longest_age(self) -> timedelta | None:
        """Return how old the newest list may be."""
        seconds = self.longest_age_seconds
        return None if seconds is None else timedelta(seconds=seconds)


class SubjectWanted(Given):
    """A subject of an OpenID provider, and the person of the own agency who it is."""

    officer: Id
    issuer: Issuer
    subject: Subject


def change_intent(change: ChangeWanted, by: Officer) -> dict[str, Json]:
    """Return the document that is signed for a proposal."""
    after: Body | None = change.after
    return {
        "asks": "change",
        "agency": by.agency,
        "kind": change.kind.value,
        "subject": change.subject,
        "after": None if after is None else after.as_json(),
        "valid_from": None if change.valid_from is None else written(change.valid_from),
        "backtest": change.backtest,
    }


def person_intent(person: PersonWanted, by: Officer) -> dict[str, Json]:
    """Return the document that is signed for a person who comes or changes."""
    return {"asks": "person", "person": OfficerBody.of(person.officer(by.agency)).as_json()}


def camera_intent(camera: CameraWanted, by: Officer) -> dict[str, Json]:
    """Return the document that is signed for a camera that comes or changes."""
    return {"asks": "camera", "camera": CameraBody.of(camera.camera(by.agency)).as_json()}


def source_intent(source: SourceWanted, by: Officer) -> dict[str, Json]:
    """Return the document that is signed for a source."""
    return {"asks": "source", "agency": by.agency, **_words(source)}


def subject_intent(subject: SubjectWanted, *, link: bool) -> dict[str, Json]:
    """Return the document that is signed for linking or unlinking a subject."""
    return {"asks": "link_subject" if link else "unlink_subject", **_words(subject)}


def approval_intent(what: str, id: str) -> dict[str, Json]:
    """Return the document that a second custodian signs, by the id of what they have read."""
    return {"asks": "approval", "what": what, "id": id}


def _words(given: Given) -> dict[str, Any]:
    return given.model_dump(mode="json")
