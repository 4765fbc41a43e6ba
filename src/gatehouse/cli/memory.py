"""How the program's memory is handed back: late, since the next block of a file needs as much again.

Reading millions of rows takes and frees the same megabytes over and over. Returned to the system each time,
they come back as pages that must be cleared anew, which took a sixth of an audit's time.
"""

from __future__ import annotations

import os

# See mallopt(3). Pieces up to the threshold are kept; glibc takes no greater one than half of a heap.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_PIECE_BYTES = 32 << 20
_KEPT_BYTES = 1 << 30
# Polars adds what stands here to its own settings of jemalloc when it is imported.
_POLARS = "_RJEM_MALLOC_CONF"


def keep_freed_memory() -> None:
    """Let both allocators keep freed memory for a while. MUST be called before Polars is imported."""
    import ctypes

    os.environ.setdefault(_POLARS, "dirty_decay_ms:10000")
    try:
        tune = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return  # no glibc; its allocator is what the figures above are about
    tune(_M_MMAP_THRESHOLD, _PIECE_BYTES)
    tune(_M_TRIM_THRESHOLD, _KEPT_BYTES)
