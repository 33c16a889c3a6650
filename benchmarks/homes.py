"""Home folders to measure on: a data set taken down the whole road, once."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from features.home import Home
from training.bundle import CURRENT

_KEPT: Final = Path("build/bench")
_TABLES: Final = ("events", "items", "users")


def prepared_home(data: Path, root: Path | None = None) -> Home:
    """Give a home folder with a promoted bundle; make it where there is none.

    Parameters
    ----------
    data : Path
        Folder of a data set that `docs/mappings` knows by its name.
    root : Path, optional
        The home folder; by default one is kept for each data set.
    """
    home = Home(root or _KEPT / data.name)
    if not (home.bundles / CURRENT).exists():
        options = [
            word
            for table in _TABLES
            if (path := data / f"{table}.parquet").exists()
            for word in (f"--{table}", str(path))
        ]
        mapping = Path("docs/mappings") / f"{data.name}.toml"
        _vitrine("ingest", *options, "--mapping", str(mapping), home=home)
        _vitrine("train", home=home)
        _vitrine("promote", "latest", home=home)
    return home


def _vitrine(*words: str, home: Home) -> None:
    command = [sys.executable, "-m", "vitrine", *words, "--home", str(home.root)]
    print(f"$ vitrine {' '.join(command[3:])}", flush=True)
    subprocess.run(command, check=True)
