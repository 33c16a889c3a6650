"""The model registry: which versions there are, which one is served, and how that changes."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from features.errors import CorruptBundle, InvalidInput, PromotionRefused, UnknownModelVersion
from features.home import Home
from features.lock import waiting_for
from training.bundle import point_to
from training.gate import GateVerdict, judge
from training.installation import install
from training.manifest import Manifest
from training.mlflow_door import Connection, MlflowException
from training.model_version import CHALLENGER, CHAMPION, ModelVersion, tags_of
from training.promotions import Promotion, champions
from training.user_metrics import LastFold

__all__ = ["LATEST", "ModelVersion", "Registry"]

LATEST: Final = "latest"
_EVALUATION: Final = "evaluation"
_PROMOTION: Final = "promotion."
_LONGEST_REASON: Final = 1_000
_NAMED_IN_ERRORS: Final = 10


@dataclass(frozen=True, slots=True)
class Registry:
    """The versions of one shop.

    Parameters
    ----------
    home : Home
        Where promoted bundles go.
    connection : Connection
        Where versions are kept (see `training.mlflow_door.connect`).
    """

    home: Home
    connection: Connection

    def register(self, bundle: Path, *, run_id: str, last_fold: LastFold) -> ModelVersion:
        """Keep a bundle as the newest version, the challenger, and ask the gate what it is worth.

        Parameters
        ----------
        bundle : Path
            What `Bundle.save` returned; it is copied.
        run_id : str
            The run that made it (`TrackedRun.run_id`).
        last_fold : LastFold
            What the gate will compare.

        Raises
        ------
        CorruptBundle
            The folder has no readable manifest.
        """
        tags = tags_of(Manifest.read(bundle), last_fold.served.means)
        client, name = self.connection.client, self.connection.name
        with TemporaryDirectory() as folder:
            last_fold.save(Path(folder))
            client.log_artifacts(run_id, folder, _EVALUATION)
        model = client.create_logged_model(
            self.connection.experiment_id, name=name, source_run_id=run_id
        )
        client.log_model_artifacts(model.model_id, str(bundle))
        client.finalize_logged_model(model.model_id, "READY")
        with waiting_for(self._lock):
            # By its place, not as `models:/<id>`, which MLflow looks up by a global setting.
            created = client.create_model_version(
                name, model.artifact_location, run_id, tags=tags, model_id=model.model_id
            )
            client.set_registered_model_alias(name, CHALLENGER, created.version)
            registered = self.find(int(created.version))
            if self.champion() is not None:
                self._judge(registered)
        return self.find(registered.version)

    def versions(self) -> tuple[ModelVersion, ...]:
        """List all versions, oldest first."""
        client, name = self.connection.client, self.connection.name
        aliases = client.get_registered_model(name).aliases
        found = [
            ModelVersion.of(one, aliases)
            for one in client.search_model_versions(f"name = '{name}'")
        ]
        return tuple(sorted(found, key=lambda one: one.version))

    def find(self, version: int | str) -> ModelVersion:
        """Find a version by its number or as "latest".

        Raises
        ------
        UnknownModelVersion
            There is no such version; the newest that exist are named.
        """
        versions = self.versions()
        if not versions:
            raise UnknownModelVersion("no model version is registered yet; run vitrine train")
        if version == LATEST:
            return versions[-1]
        for one in versions:
            if str(one.version) == str(version):
                return one
        there_are = ", ".join(str(one.version) for one in versions[-_NAMED_IN_ERRORS:])
        raise UnknownModelVersion(
            f"there is no model version {version}; choose of {there_are} or {LATEST}"
        )

    def champion(self) -> ModelVersion | None:
        """Find the version that is served; None before the first promotion."""
        return next((one for one in self.versions() if CHAMPION in one.aliases), None)

    def history(self) -> tuple[Promotion, ...]:
        """List all promotions and rollbacks, oldest first."""
        tags = self.connection.client.get_registered_model(self.connection.name).tags
        places = sorted(place for place in tags if place.startswith(_PROMOTION))
        return tuple(Promotion.from_json(tags[place]) for place in places)

    def promote(
        self, version: int | str, *, now: datetime, force: bool = False, reason: str = ""
    ) -> Promotion:
        """Make a version the champion, unless it is worse than the present one beyond noise.

        Parameters
        ----------
        version : int or str
            Its number, or "latest".
        now : datetime
            Aware.
        force : bool
            True to promote it whatever the gate says; the history keeps what it said.
        reason : str
            Why, beside the gate's finding; kept in the history.

        Raises
        ------
        UnknownModelVersion
            There is no such version.
        PromotionRefused
            It is worse, or cannot be compared; the message has the numbers.
        CorruptBundle
            Its files are not those that were registered; the champion stays.
        """
        _check(reason)
        with waiting_for(self._lock):
            chosen = self.find(version)
            verdict = self._judge(chosen)
            if not (verdict.passed or force):
                raise PromotionRefused(
                    f"version {chosen.version} was not promoted: {verdict.reason};"
                    " add --force to promote it all the same",
                    details=[str(one) for one in verdict.comparisons],
                )
            said = f"{reason}; {verdict.reason}" if reason else verdict.reason
            return self._enthrone(chosen, "promote", now, said, forced=not verdict.passed)

    def rollback(self, *, now: datetime, reason: str = "") -> Promotion:
        """Go back to the version that was champion before; again, to the one before that.

        Raises
        ------
        UnknownModelVersion
            There was none before, or it is not registered any more.
        CorruptBundle
            Its files are not those that were registered; the champion stays.
        """
        _check(reason)
        with waiting_for(self._lock):
            standing = champions(self.history())
            if len(standing) <= 1:
                raise UnknownModelVersion(
                    "there is no champion to go back to; see vitrine models and promote a version"
                )
            return self._enthrone(self.find(standing[-2]), "rollback", now, reason, forced=False)

    @property
    def _lock(self) -> Path:
        return self.home.root / ".registry.lock"

    def _judge(self, version: ModelVersion) -> GateVerdict:
        champion = self.champion()
        if champion is not None and champion.version == version.version:
            return GateVerdict(passed=True, reason=version.finding)
        verdict = GateVerdict(passed=True, reason="the first champion")
        if champion is not None:
            verdict = judge(
                self._last_fold(version),
                self._last_fold(champion),
                champion_bundle_id=champion.bundle_id,
            )
        self.connection.client.update_model_version(
            self.connection.name, str(version.version), description=verdict.reason
        )
        return verdict

    def _last_fold(self, version: ModelVersion) -> LastFold | None:
        with TemporaryDirectory() as folder:
            found = self.connection.fetch_from_run(version.run_id, _EVALUATION, Path(folder))
            return None if found is None else LastFold.open(found)

    def _enthrone(
        self,
        version: ModelVersion,
        action: Literal["promote", "rollback"],
        now: datetime,
        reason: str,
        *,
        forced: bool,
    ) -> Promotion:
        self._install(version)
        promotion = Promotion(action, version.version, version.bundle_id, now, reason, forced)
        client, name, history = self.connection.client, self.connection.name, self.history()
        # What serving follows comes after what can fail; the history comes last, so that the same
        # command, run again after a kill, does the same.
        client.set_registered_model_alias(name, CHAMPION, str(version.version))
        point_to(self.home.bundles, version.bundle_id)
        if action == "rollback" or champions(history)[-1:] != (version.version,):
            place = f"{_PROMOTION}{len(history) + 1:06d}"
            client.set_registered_model_tag(name, place, promotion.to_json())
        return promotion

    def _install(self, version: ModelVersion) -> None:
        def fetch(into: Path) -> Path:
            return self.connection.fetch(version.source, into)

        try:
            install(self.home.bundles, version.bundle_id, fetch)
        except (CorruptBundle, MlflowException, OSError) as error:
            raise CorruptBundle(
                f"version {version.version} cannot be installed: its files in the registry are"
                " missing or changed; promote another version or run vitrine train",
                details=getattr(error, "details", ()) or [str(error)],
            ) from error


def _check(reason: str) -> None:
    if len(reason) > _LONGEST_REASON:
        raise InvalidInput(
            f"a reason has at most {_LONGEST_REASON} characters; got {len(reason)}, shorten it"
        )
