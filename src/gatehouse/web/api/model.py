"""What the models of all routes share: unknown keys are refused, times are UTC, lists come in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

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

Listed = TypeVar("Listed")


class Given(BaseModel):
    """A body or a query: a key that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class PageOf(Given):
    """Which part of a list whose order is that of a key."""

    after: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        default=None, description="`next` of the page before"
    )
    limit: Limit = 50


def page(
    found: Iterable[Listed], asked: PageOf, *, key: Callable[[Listed], str]
) -> tuple[list[Listed], str | None]:
    """Return the part that is asked for, in the order of a key that no two have, and its `next`.

    What comes or goes between two pages is on none of them twice, and hides none that stays.
    """
    rest = sorted((each for each in found if asked.after is None or key(each) > asked.after), key=key)
    part = rest[: asked.limit]
    return part, key(part[-1]) if len(rest) > len(part) else None


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)
