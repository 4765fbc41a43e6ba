"""What the models of all routes share: unknown keys are refused, times are UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time of no year from 1 to 9999 in UTC") from None


def _spelled(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# RFC 3339 in UTC with Z.
Time = Annotated[
    AwareDatetime, AfterValidator(_utc), PlainSerializer(_spelled, return_type=str, when_used="json")
]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
# How much of a list one page holds.
Limit = Annotated[int, Field(ge=1, le=200)]
# What `PublicKeyCredential.toJSON()` gives; `gatehouse.node.accounts.passkeys` reads it.
Credential = dict[str, Any]


class Given(BaseModel):
    """A body or a query: a key that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)
