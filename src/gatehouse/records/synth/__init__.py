"""A network audit of an invented town, with the truth beside it.

Everything in it is invented and says so: the file name begins with `SYNTHETIC`, and the first record's
moderation cell holds `MARKER`. Only the shape is that of real exports.
"""

from gatehouse.records.synth.agencies import OWNER
from gatehouse.records.synth.generate import FILE_NAME, MARKER, generate
from gatehouse.records.synth.truth import FileTruth, Truth

__all__ = ["FILE_NAME", "MARKER", "OWNER", "FileTruth", "Truth", "generate"]
