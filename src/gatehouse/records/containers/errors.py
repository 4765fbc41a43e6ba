"""What can be wrong with a container.

BadInput
+-- NotAnExport     it can be read and holds no table; inside of an archive it is named and passed over
"""

from __future__ import annotations

from gatehouse.model import BadInput


class NotAnExport(BadInput):
    """A document that holds no table that can be read."""
