"""What an audit looks for: every finding a small class, in the order in which reports list them."""

from __future__ import annotations

from gatehouse.audit.findings.content import (
    Dragnet,
    FirstAmendment,
    GenderAffirmingCare,
    PersonalUse,
    Pretext,
    PrivateMatter,
    ProtectedCharacteristic,
    ReproductiveCare,
    TestOrTraining,
)
from gatehouse.audit.findings.coverage import CoverageGap, SchemaBreak, Truncation
from gatehouse.audit.findings.hsi import BareHsi, CrimeHsi
from gatehouse.audit.findings.immigration import (
    BarredAgency,
    BarredCivil,
    BarredCriminal,
    ImmigrationPurpose,
)
from gatehouse.audit.findings.lead import Lead, Measured, NotMeasured
from gatehouse.audit.findings.offenses import ReasonOffenseConflict
from gatehouse.audit.findings.patterns import RepeatedPlate, UnusualHours
from gatehouse.audit.findings.policies import OwnPolicyConflict
from gatehouse.audit.findings.reasons import ConstantReason, MissingCase, MissingReason, VagueReason
from gatehouse.audit.findings.scope import MinorNationwide, VolumeOutlier
from gatehouse.audit.findings.searchers import FederalSearchers, OutOfStateSearchers
from gatehouse.audit.findings.ways import BackDoor, FrontDoor, SideDoor

LEADS: tuple[Lead, ...] = (
    ImmigrationPurpose(),
    BarredCivil(),
    BarredCriminal(),
    BarredAgency(),
    BareHsi(),
    CrimeHsi(),
    FrontDoor(),
    BackDoor(),
    SideDoor(),
    FederalSearchers(),
    OutOfStateSearchers(),
    FirstAmendment(),
    ReproductiveCare(),
    GenderAffirmingCare(),
    ProtectedCharacteristic(),
    PersonalUse(),
    PrivateMatter(),
    Pretext(),
    Dragnet(),
    TestOrTraining(),
    OwnPolicyConflict(),
    MissingReason(),
    VagueReason(),
    ConstantReason(),
    MissingCase(),
    ReasonOffenseConflict(),
    MinorNationwide(),
    VolumeOutlier(),
    RepeatedPlate(),
    UnusualHours(),
    Truncation(),
    CoverageGap(),
    SchemaBreak(),
)

__all__ = ["LEADS", "Lead", "Measured", "NotMeasured"]
