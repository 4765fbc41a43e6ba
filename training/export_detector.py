"""Export the plate detector's averaged weights to ONNX, with boxes in pixels.

    python -m training.export_detector --out training/out/plates.onnx

The file is checked against the network on a random picture before it is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from training.detector import Detector, boxes
from training.ocr import OUT

_OPSET: Final = 17
_WORST: Final = 1e-2


class Whole(nn.Module):
    """The network as the program runs it: probabilities and corners, N x 5 x H/4 x W/4."""

    def __init__(self, net: Detector) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Look for plates."""
        out = self.net(pictures)
        return torch.cat([torch.sigmoid(out[:, :1]), boxes(out[:, 1:])], 1)


def export(checkpoint: Path, out: Path) -> tuple[int, str]:
    """Write the model; returns its bytes and SHA-256.

    Raises ValueError where ONNX Runtime disagrees with the network.
    """
    import onnxruntime

    net = Detector()
    net.load_state_dict(torch.load(checkpoint, map_location="cpu")["average"])
    whole = Whole(net).eval()
    out.parent.mkdir(parents=True, exist_ok=True)
    sides = {2: "height", 3: "width"}
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        partial = Path(folder) / "model.onnx"
        torch.onnx.export(
            whole, (torch.randn(1, 3, 64, 96),), str(partial), input_names=["picture"],
            output_names=["plates"], opset_version=_OPSET, dynamo=False,
            dynamic_axes={"picture": sides, "plates": {2: "rows", 3: "columns"}},
        )  # fmt: skip
        session = onnxruntime.InferenceSession(str(partial), providers=["CPUExecutionProvider"])
        # Another shape than the traced one: its sides must not have become constants.
        example = torch.randn(1, 3, 192, 320)
        (got,) = session.run(None, {"picture": example.numpy()})
        with torch.no_grad():
            worst = float(np.abs(got - whole(example).numpy()).max())
        if worst > _WORST:
            raise ValueError(f"the exported model's cells differ by {worst:.2g}, more than {_WORST}")
        partial.replace(out)
    data = out.read_bytes()
    return len(data), hashlib.sha256(data).hexdigest()


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, default=OUT / "detector.pt")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    size, digest = export(chosen.checkpoint, chosen.out)
    print(f'bytes = {size}\nsha256 = "{digest}"')


if __name__ == "__main__":
    main()
