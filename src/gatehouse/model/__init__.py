"""The nouns: enums and frozen data that every room shares. No input or output happens here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.on_demand import names_of

if TYPE_CHECKING:
    from gatehouse.model.agency import Agency, AgencyKind, Organization
    from gatehouse.model.camera import Camera, CameraStatus, Read
    from gatehouse.model.decision import CitedRule, Confidence, Decision, Outcome, PackId
    from gatehouse.model.errors import BadInput, BadUse, Error, PartUnavailable, VerificationFailed
    from gatehouse.model.event import (
        SEARCH_ENDS,
        SEARCH_STEPS,
        HitState,
        ListState,
        LogEvent,
        SearchState,
        StandingState,
    )
    from gatehouse.model.officer import Officer, Role
    from gatehouse.model.plate import Candidate, PlatePattern
    from gatehouse.model.purpose import OFFENSES, Purpose
    from gatehouse.model.record import MASKED, Bounds, FieldState, Layout, LinkTier, SearchRecord, Value
    from gatehouse.model.request import (
        MATTERS,
        Agreement,
        Behalf,
        Declaration,
        OwnerTerms,
        Party,
        Process,
        ProcessKind,
        SearchRequest,
        Window,
    )
    from gatehouse.model.search import PlateSearch, Scope, SearchMode
    from gatehouse.model.signal import FAMILIES, Signal, SignalMatch

__all__ = [
    "FAMILIES",
    "MASKED",
    "MATTERS",
    "OFFENSES",
    "SEARCH_ENDS",
    "SEARCH_STEPS",
    "Agency",
    "AgencyKind",
    "Agreement",
    "BadInput",
    "BadUse",
    "Behalf",
    "Bounds",
    "Camera",
    "CameraStatus",
    "Candidate",
    "CitedRule",
    "Confidence",
    "Decision",
    "Declaration",
    "Error",
    "FieldState",
    "HitState",
    "Layout",
    "LinkTier",
    "ListState",
    "LogEvent",
    "Officer",
    "Organization",
    "Outcome",
    "OwnerTerms",
    "PackId",
    "PartUnavailable",
    "Party",
    "PlatePattern",
    "PlateSearch",
    "Process",
    "ProcessKind",
    "Purpose",
    "Read",
    "Role",
    "Scope",
    "SearchMode",
    "SearchRecord",
    "SearchRequest",
    "SearchState",
    "Signal",
    "SignalMatch",
    "StandingState",
    "Value",
    "VerificationFailed",
    "Window",
]

_HOMES = {
    "Agency": "agency",
    "AgencyKind": "agency",
    "Agreement": "request",
    "BadInput": "errors",
    "BadUse": "errors",
    "Behalf": "request",
    "Bounds": "record",
    "Camera": "camera",
    "CameraStatus": "camera",
    "Candidate": "plate",
    "CitedRule": "decision",
    "Confidence": "decision",
    "Decision": "decision",
    "Declaration": "request",
    "Error": "errors",
    "FAMILIES": "signal",
    "FieldState": "record",
    "HitState": "event",
    "Layout": "record",
    "LinkTier": "record",
    "ListState": "event",
    "LogEvent": "event",
    "MASKED": "record",
    "MATTERS": "request",
    "OFFENSES": "purpose",
    "Officer": "officer",
    "Organization": "agency",
    "Outcome": "decision",
    "OwnerTerms": "request",
    "PackId": "decision",
    "PartUnavailable": "errors",
    "Party": "request",
    "PlatePattern": "plate",
    "PlateSearch": "search",
    "Process": "request",
    "ProcessKind": "request",
    "Purpose": "purpose",
    "Read": "camera",
    "Role": "officer",
    "Scope": "search",
    "SEARCH_ENDS": "event",
    "SEARCH_STEPS": "event",
    "SearchMode": "search",
    "SearchRecord": "record",
    "SearchRequest": "request",
    "SearchState": "event",
    "Signal": "signal",
    "SignalMatch": "signal",
    "StandingState": "event",
    "Value": "record",
    "VerificationFailed": "errors",
    "Window": "request",
}

__getattr__ = names_of(__name__, _HOMES)
