"""A network audit of an invented town, with the truth beside it.

Everything in it is invented and says so (`is_synthetic`); only the shape is that of real exports. See
`docs/synthetic-data.md`.
"""

from gatehouse.records.synth.agencies import OWNER
from gatehouse.records.synth.export import FILE_NAME, generate
from gatehouse.records.synth.marker import MARKER, is_synthetic
from gatehouse.records.synth.truth import FileTruth, Truth

__all__ = ["FILE_NAME", "MARKER", "OWNER", "FileTruth", "Truth", "generate", "is_synthetic"]
