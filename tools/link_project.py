"""Put this checkout on the environment's path and make the `gatehouse` command.

An editable install would need a build backend at run time; a path file and a three-line script do the
same for a checkout and need nothing that is not pinned.
"""

import stat
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Write `gatehouse.pth` and `bin/gatehouse` into the running environment."""
    site = Path(sysconfig.get_path("purelib"))
    (site / "gatehouse.pth").write_text(f"{ROOT / 'src'}\n", encoding="utf-8")
    command = Path(sysconfig.get_path("scripts")) / "gatehouse"
    command.write_text(
        f"#!{sys.executable}\nimport sys\nfrom gatehouse.cli import main\nsys.exit(main())\n",
        encoding="utf-8",
    )
    command.chmod(command.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


if __name__ == "__main__":
    main()
