"""The nouns: enums and frozen data that every room shares. No input or output happens here."""

from gatehouse.model.agency import AgencyKind, Organization
from gatehouse.model.errors import BadInput, BadUse, Error, PartUnavailable, VerificationFailed
from gatehouse.model.record import MASKED, Bounds, FieldState, Layout, LinkTier, SearchRecord, Value
from gatehouse.model.signal import FAMILIES, Signal, SignalMatch

__all__ = [
    "FAMILIES",
    "MASKED",
    "AgencyKind",
    "BadInput",
    "BadUse",
    "Bounds",
    "Error",
    "FieldState",
    "Layout",
    "LinkTier",
    "Organization",
    "PartUnavailable",
    "SearchRecord",
    "Signal",
    "SignalMatch",
    "Value",
    "VerificationFailed",
]
