"""A shop's home folder: where each thing of a shop lies on disk."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds one shop (`--home`, `VITRINE_HOME`, default `./shop`).

    Parameters
    ----------
    root : Path
        The folder; made when something is first written.

    Examples
    --------
    >>> Home(Path("shop")).lake.as_posix()
    'shop/lake'
    """

    root: Path

    @property
    def lake(self) -> Path:
        """The event log, the catalogue and the user table."""
        return self.root / "lake"

    @property
    def bundles(self) -> Path:
        """The promoted bundles and the pointer to the current one."""
        return self.root / "bundles"

    @property
    def placements(self) -> Path:
        """The shop's own placements; the built-in ones apply where it is absent."""
        return self.root / "placements.toml"

    @property
    def keys(self) -> Path:
        """Where earlier versions kept the API keys; they are in the store now."""
        return self.root / "keys.toml"

    @property
    def store(self) -> Path:
        """The online store, where no address of another is set."""
        return self.root / "store.db"

    @property
    def tracking_database(self) -> Path:
        """The MLflow database, where no tracking URI is set."""
        return self.root / "mlflow.db"

    @property
    def tune_db(self) -> Path:
        """The trials of every search for settings."""
        return self.root / "tune.db"

    @property
    def artifacts(self) -> Path:
        """The MLflow artifacts, where no tracking URI is set."""
        return self.root / "mlartifacts"
