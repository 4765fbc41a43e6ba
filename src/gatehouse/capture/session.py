"""ONNX Runtime sessions on the processor, with a number of threads that is said and not guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatehouse.model import PartUnavailable


def open_session(path: Path, *, threads: int) -> Any:
    """Open a model file; one that ONNX Runtime cannot load is `PartUnavailable`."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads would take the second core from whoever decodes the next frame.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # ONNX Runtime's errors share no base class but this one.
        raise PartUnavailable(
            "the model file cannot be loaded",
            where=str(path),
            got=type(error).__name__,
            hint="gatehouse models check",
        ) from error
