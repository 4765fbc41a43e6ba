"""Put exported weights into the package, and what is known of them into `weights.toml`.

    python -m training.install training/out/characters.onnx --temperature 1.08

The table of that name keeps its words; `bytes`, `sha256` and `temperature` are written anew, so that the
program loads the file (it refuses one of another hash). Figures in the table are written by hand.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
from pathlib import Path
from typing import Final

WEIGHTS: Final = Path(__file__).resolve().parent.parent / "src/gatehouse/capture/weights"


def recorded(document: str, name: str, values: dict[str, str]) -> str:
    """Return a TOML document with keys of the `[[model]]` table called `name` set to literal values.

    Raises ValueError where the table or one of the keys is missing.
    """
    tables = re.split(r"(?m)^(?=\[\[model\]\])", document)
    for at, table in enumerate(tables):
        if not re.search(rf'(?m)^name = "{re.escape(name)}"$', table):
            continue
        for key, value in values.items():
            table, count = re.subn(
                rf"(?m)^{key} = .*$", lambda _, k=key, v=value: f"{k} = {v}", table, count=1
            )
            if not count:
                raise ValueError(f"weights.toml: the table of {name} has no {key}")
        tables[at] = table
        return "".join(tables)
    raise ValueError(f"weights.toml: no table is called {name}")


def install(model: Path, *, temperature: float | None, weights: Path = WEIGHTS) -> None:
    """Copy a model beside `weights.toml` and write its size, hash and temperature there."""
    data = model.read_bytes()
    values = {"bytes": str(len(data)), "sha256": f'"{hashlib.sha256(data).hexdigest()}"'}
    if temperature is not None:
        values["temperature"] = str(temperature)
    table = weights / "weights.toml"
    document = recorded(table.read_text(encoding="utf-8"), model.name, values)
    shutil.copyfile(model, weights / model.name)
    table.write_text(document, encoding="utf-8")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="named as in weights.toml")
    parser.add_argument("--temperature", type=float, help="as `python -m training.evaluate` finds it")
    chosen = parser.parse_args()
    install(chosen.model, temperature=chosen.temperature)


if __name__ == "__main__":
    main()
