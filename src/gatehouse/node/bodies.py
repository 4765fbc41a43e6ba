"""What stands on the record of a registry entry, as JSON: agencies, people, cameras, and each kind of rule.

Whatever is read from the record or from outside passes through these models: unknown keys, codes outside
their list and values out of bounds are refused, and no message repeats a value.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_serializer

from gatehouse.law.codes import BANS, MATTERS, OPTINS, STATES
from gatehouse.ledger.canonical import Json
from gatehouse.model import (
    OFFENSES,
    Agency,
    AgencyKind,
    BadInput,
    Camera,
    CameraStatus,
    Officer,
    Purpose,
    Role,
    Scope,
)

_MICRO = 1_000_000
LEAST_WAITING_DAYS = 7


class Kind(StrEnum):
    """What is changed on the record, and who decides on it."""

    AGREEMENT = "agreement"  # between an owner and a searcher; the owner decides
    DECLARATION = "declaration"  # a searcher's word; the searcher decides
    OWNER = "owner"  # an owner's own rule
    SHARING = "sharing"  # an owner's switch over all its agreements
    PACK = "pack"  # the rulebook and the lexicon of the node; the operator decides
    AGENCY = "agency"  # who takes part; the operator decides
    CUSTODIAN = "custodian"  # who decides for an agency


def _one_of(codes: frozenset[str]) -> AfterValidator:
    def check(value: str) -> str:
        if value not in codes:
            raise ValueError("not on the list")
        return value

    return AfterValidator(check)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time of no year from 1 to 9999 in UTC") from None


Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$", max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
At = Annotated[datetime, AfterValidator(_aware)]
State = Annotated[str, _one_of(frozenset(STATES))]
Ban = Annotated[str, _one_of(frozenset(BANS))]
Optin = Annotated[str, _one_of(frozenset(OPTINS))]
Matter = Annotated[str, _one_of(frozenset(MATTERS))]
Capped = Annotated[str, _one_of(frozenset(Purpose) | OFFENSES)]


class Body(BaseModel):
    """A part of the record, read strictly and spelled one way."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, value: object, *, where: str | None = None) -> Self:
        """Return what a JSON value says; anything that is not exactly one is `BadInput`."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise misread(error, cls.__name__.removesuffix("Body").lower(), where) from None

    def as_json(self) -> dict[str, Json]:
        """Return the value as it goes on the record."""
        found: dict[str, Json] = _plain(self.model_dump(mode="json"))
        return found


def misread(error: ValidationError, what: str, where: str | None) -> BadInput:
    """Return what to tell of a value that is refused: the place and why, never the value."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(each) for each in first["loc"])
    return BadInput(
        f"what is said of the {what} does not fit",
        where=f"{where}, {place}" if where and place else where or place or None,
        got=first["msg"],
    )


def _plain(value: Any) -> Any:
    """Sort lists that stand for sets, so that one value has one spelling."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        found = [_plain(each) for each in value]
        return sorted(found) if all(isinstance(each, str) for each in found) else found
    return value


class AgencyBody(Body):
    """An agency that takes part."""

    id: Id
    name: Name
    state: State
    kind: AgencyKind
    ori: Annotated[str, Field(pattern=r"^[A-Z0-9]{7,9}$")] | None = None
    region: Id | None = None
    neighbors: frozenset[Id] = frozenset()

    def agency(self) -> Agency:
        """Return the noun."""
        return Agency(
            self.id, self.name, self.state, self.kind, self.ori, self.region, frozenset(self.neighbors)
        )

    @classmethod
    def of(cls, agency: Agency) -> Self:
        """Return the body of an agency."""
        return cls.read({name: getattr(agency, name) for name in cls.model_fields})


class OfficerBody(Body):
    """A person of an agency."""

    id: Id
    agency: Id
    name: Name
    roles: Annotated[frozenset[Role], Field(min_length=1)]

    def officer(self, *, active: bool = True) -> Officer:
        """Return the noun."""
        return Officer(self.id, self.agency, self.name, frozenset(self.roles), active)

    @classmethod
    def of(cls, officer: Officer) -> Self:
        """Return the body of a person."""
        return cls.read({name: getattr(officer, name) for name in cls.model_fields})


class CameraBody(Body):
    """A camera. Positions in millionths of a degree, since the record holds no fractions."""

    id: Id
    agency: Id
    name: Name
    latitude_e6: Annotated[int, Field(ge=-90 * _MICRO, le=90 * _MICRO)]
    longitude_e6: Annotated[int, Field(ge=-180 * _MICRO, le=180 * _MICRO)]
    heading: Annotated[int, Field(ge=0, lt=360)] | None = None
    key: Hash
    status: CameraStatus = CameraStatus.ACTIVE
    peak: Annotated[int, Field(ge=1, le=60_000)] = 240

    def camera(self) -> Camera:
        """Return the noun."""
        return Camera(
            self.id,
            self.agency,
            self.name,
            self.latitude_e6 / _MICRO,
            self.longitude_e6 / _MICRO,
            self.heading,
            bytes.fromhex(self.key),
            self.status,
            self.peak,
        )

    @classmethod
    def of(cls, camera: Camera) -> Self:
        """Return the body of a camera, its position to the nearest millionth of a degree."""
        same = {name: getattr(camera, name) for name in ("id", "agency", "name", "heading", "status", "peak")}
        position = {
            "latitude_e6": round(camera.latitude * _MICRO),
            "longitude_e6": round(camera.longitude * _MICRO),
        }
        return cls.read({**same, **position, "key": camera.key.hex()})


class _Dated(Body):
    until: At | None = None

    @field_serializer("until")
    def _written(self, value: datetime | None) -> str | None:
        return None if value is None else written(value)


class AgreementBody(_Dated):
    """What an owner lets a searcher do: the purposes named, and no others; `document` is its SHA-256."""

    owner: Id
    searcher: Id
    purposes: Annotated[frozenset[Purpose], Field(min_length=1)]
    document: Hash


class DeclarationBody(_Dated):
    """A searcher's written word to every owner not to use reads for some matters."""

    searcher: Id
    covers: Annotated[frozenset[Matter], Field(min_length=1)]
    document: Hash


class OwnerBody(Body):
    """An owner's own rule. Without one its cameras' reads are not taken in.

    `scope_caps` holds by a purpose's or an offense's code from how far away its reads may be searched,
    `longest_hold_days` how far ahead an evidence hold may end. A row of the portal about a search of its
    reads is told `portal_delay_hours` after the period that it names.
    """

    owner: Id
    retention_minutes: Annotated[int, Field(ge=1, le=10 * 366 * 24 * 60)]
    bans: frozenset[Ban] = frozenset()
    optins: frozenset[Optin] = frozenset()
    scope_caps: dict[Capped, Scope] = {}
    waiting_days: Annotated[int, Field(ge=LEAST_WAITING_DAYS, le=366)] = LEAST_WAITING_DAYS
    longest_hold_days: Annotated[int, Field(ge=1, le=10 * 366)] = 90
    portal_delay_hours: Annotated[int, Field(ge=0, le=366 * 24)] = 24

    @property
    def retention(self) -> timedelta:
        """Return how long reads are kept."""
        return timedelta(minutes=self.retention_minutes)

    @property
    def waiting(self) -> timedelta:
        """Return how long a loosening waits."""
        return timedelta(days=self.waiting_days)

    @property
    def longest_hold(self) -> timedelta:
        """Return how far ahead the end of a hold may lie."""
        return timedelta(days=self.longest_hold_days)

    @property
    def portal_delay(self) -> timedelta:
        """Return how long a row about a search of its reads is kept from the portal."""
        return timedelta(hours=self.portal_delay_hours)


class SharingBody(Body):
    """An owner's switch: while it is off nobody else searches its reads, whatever was agreed."""

    owner: Id
    shares: bool


class PackBody(Body):
    """A version of the rulebook with the lexicon that reads free text for it."""

    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._+-]{0,80}$")]
    sha256: Hash
    lexicon: Hash


class Joining(Body):
    """An agency that joins, with its first custodians; or one that is known, and then with none."""

    agency: AgencyBody
    custodians: tuple[OfficerBody, ...] = ()


BODIES: dict[Kind, type[Body]] = {
    Kind.AGREEMENT: AgreementBody,
    Kind.DECLARATION: DeclarationBody,
    Kind.OWNER: OwnerBody,
    Kind.SHARING: SharingBody,
    Kind.PACK: PackBody,
    Kind.AGENCY: Joining,
    Kind.CUSTODIAN: OfficerBody,
}


def written(at: datetime) -> str:
    """Return a time as the record spells it, in UTC to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
