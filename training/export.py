"""Export the character reader's averaged weights to ONNX, with batch normalization folded in.

    python -m training.export --out src/gatehouse/capture/weights/characters.onnx

The file is checked against the network on random crops before it is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import torch

from training.ocr import HEIGHT, OUT, WIDTH, Reader

_OPSET: Final = 17
_WORST: Final = 1e-3


def export(checkpoint: Path, out: Path) -> tuple[int, str]:
    """Write the model; returns its bytes and SHA-256.

    Raises ValueError where ONNX Runtime disagrees with the network.
    """
    import onnxruntime

    net = Reader()
    net.load_state_dict(torch.load(checkpoint, map_location="cpu")["average"])
    net.eval()
    example = torch.randn(3, 1, HEIGHT, WIDTH)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        partial = Path(folder) / "model.onnx"
        torch.onnx.export(
            net, (example,), str(partial), input_names=["crops"], output_names=["logits"],
            opset_version=_OPSET, dynamic_axes={"crops": {0: "n"}, "logits": {0: "n"}}, dynamo=False,
        )  # fmt: skip
        session = onnxruntime.InferenceSession(str(partial), providers=["CPUExecutionProvider"])
        (got,) = session.run(None, {"crops": example.numpy()})
        with torch.no_grad():
            worst = float(np.abs(got - net(example).numpy()).max())
        if worst > _WORST:
            raise ValueError(f"the exported model's logits differ by {worst:.2g}, more than {_WORST}")
        partial.replace(out)
    data = out.read_bytes()
    return len(data), hashlib.sha256(data).hexdigest()


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, default=OUT / "ocr.pt")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    size, digest = export(chosen.checkpoint, chosen.out)
    print(f'bytes = {size}\nsha256 = "{digest}"')


if __name__ == "__main__":
    main()
