"""Home folders to measure on: a data set taken down the whole road, once."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from features.home import Home
from training.bundle import CURRENT

KEPT: Final = Path("build/bench")
"""Where benchmarks keep what takes long to make."""

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
    home = Home(root or KEPT / data.name)
    mapping = Path("docs/mappings") / f"{data.name}.toml"
    return _down_the_road(home, data, "--mapping", str(mapping))


def simulated_home(*, n_users: int, n_items: int) -> Home:
    """Give a home folder with a simulated shop; make it where there is none.

    Parameters
    ----------
    n_users, n_items : int
        How large a shop.
    """
    home = Home(KEPT / f"simulated-{n_users}-{n_items}")
    files = home.root / "simulated"
    if not (home.bundles / CURRENT).exists():
        size = ("--users", str(n_users), "--items", str(n_items))
        _vitrine("simulate", "--out", str(files), *size)
    return _down_the_road(home, files)


def ingested_home(data: Path, root: Path | None = None) -> Home:
    """Give a home folder with a data set's events and catalogue; make it where there is none.

    Parameters
    ----------
    data : Path
        Folder of a data set that `docs/mappings` knows by its name.
    root : Path, optional
        The home folder; by default one is kept for each data set.
    """
    home = Home(root or KEPT / f"{data.name}-ingested")
    if not home.lake.exists():
        _ingest(home, data, "--mapping", str(Path("docs/mappings") / f"{data.name}.toml"))
    return home


def _down_the_road(home: Home, data: Path, *options: str) -> Home:
    if not (home.bundles / CURRENT).exists():
        at_home = ("--home", str(home.root))
        _ingest(home, data, *options)
        _vitrine("train", *at_home)
        _vitrine("promote", "latest", *at_home)
    return home


def _ingest(home: Home, data: Path, *options: str) -> None:
    tables = [
        word
        for table in _TABLES
        if (path := data / f"{table}.parquet").exists()
        for word in (f"--{table}", str(path))
    ]
    _vitrine("ingest", *tables, *options, "--home", str(home.root))


def _vitrine(*words: str) -> None:
    command = [sys.executable, "-m", "vitrine", *words]
    print(f"$ vitrine {' '.join(words)}", flush=True)
    subprocess.run(command, check=True)
