"""What can be wrong with a container.

BadInput
+-- NotAnExport     it can be read and holds no table; inside of an archive it is named and passed over
"""

from __future__ import annotations

import lzma
import zipfile
import zlib

from gatehouse.model import BadInput

# What reading a ZIP raises on bytes that are none; places that lie outside of the file come as `OSError`.
ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, UnicodeDecodeError)


class NotAnExport(BadInput):
    """A document that holds no table that can be read."""
