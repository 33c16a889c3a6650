"""A rehearsal: one shop, a sample of its people, and the moment at which they come."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Self

from features.home import Home
from features.ids import MISSING
from serving.news import News
from serving.offline import look, open_desk
from serving.placements import Placement
from serving.rehearsal.branch_report import BranchReport
from serving.rehearsal.meetings import Meetings
from serving.rehearsal.sample import known_by, latest, sample_people
from serving.rehearsal.situations import DEVICES
from serving.rehearsal.stress import Stress
from serving.rehearsal.text import meetings_table, people_table
from serving.rehearsal.trials import draw_trials
from serving.road import Road

_DEVICES: Final = tuple(device.value for device in DEVICES)


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsal:
    """What scenarios are tried on.

    Parameters
    ----------
    road : Road
        The shop, with what it has changed since the bundle.
    news : News
        What the store adds about the sample, up to that moment.
    people : sequence of str
        The sample, by key.
    at : datetime
        The moment; aware.
    placements : sequence of str
        Where they come.
    devices : sequence of str
        With what.
    is_detailed : bool
        True to show each of them.
    """

    road: Road
    news: News
    people: Sequence[str]
    at: datetime
    placements: Sequence[str]
    devices: Sequence[str] = _DEVICES
    is_detailed: bool = False

    @classmethod
    def of(
        cls,
        home: Home,
        *,
        placement: str | None = None,
        n_users: int = 200,
        seed: int = 0,
        at: datetime | None = None,
        device: str | None = None,
    ) -> Self:
        """Open a shop and draw a sample.

        Parameters
        ----------
        home : Home
            The shop.
        placement : str, optional
            Only this one, and each of the people.
        n_users : int
            Users to draw.
        seed : int
            The same seed draws the same.
        at : datetime, optional
            When they come, aware; by default the last thing that is known of them, so that a
            shop whose data is old is shown as it was.
        device : str, optional
            Only this one.

        Raises
        ------
        NoBundle, CorruptBundle, InvalidSettings
            As `open_road`: nothing is promoted, or the placements file is wrong.
        UnknownPlacement
            There is none of this name.
        """
        desk = open_desk(home)
        road = desk.live.ready()
        if placement is not None:
            road.placements.named(placement)
        names = [*road.placements.by_name] if placement is None else [placement]
        people = sample_people(road.bundle, n_users, seed=seed)
        road, news = look(desk, people, placements=names)
        moment = latest(road.bundle, news) if at is None else at
        return cls(
            road,
            known_by(news, moment),
            people,
            moment,
            names,
            _DEVICES if device is None else (device,),
            placement is not None,
        )

    @property
    def meetings(self) -> list[Meetings]:
        """What the sample meets at each placement."""
        return [
            Meetings.at(
                self.road,
                self.news,
                self.people,
                placement=name,
                devices=self.devices,
                now=self.at,
            )
            for name in self.placements
        ]

    def stressed(self, *, seed: int) -> list[BranchReport]:
        """Try every branch of each placement; see `Stress`."""
        trials = draw_trials(self.road.bundle, self.people, after=self.at, seed=seed)
        return [*Stress(self.road, self.news, trials).reports(self.placements)]

    @property
    def findings(self) -> list[str]:
        """What the placements file names and the shop does not have, by the path of the key."""
        return [finding for name in self.placements for finding in self._lost_pins(name)]

    def _lost_pins(self, name: str) -> Iterator[str]:
        items = self.road.bundle.items
        pins = (
            (f"{name}.{path}.pin[{place}].item_id", pin.item_id)
            for path, rules in self.road.placements.named(name).stated_rules()
            for place, pin in enumerate(rules.pin)
        )
        for path, item_id in pins:
            if items.row_of(item_id) == MISSING:
                yield f"{path}: no item is called {item_id!r}"

    def as_text(self, meetings: Sequence[Meetings], *, width: int | None) -> str:
        """Show what the file holds, and who meets what."""
        placements = [self._placement(name) for name in self.placements]
        n_scenarios = sum(len(one.scenarios) for one in placements)
        parts = [
            f"{len(placements)} placements with {n_scenarios} scenarios (config"
            f" {self.road.placements.config_version}) fit the catalogue of bundle"
            f" {self.road.bundle.manifest.bundle_id}",
            *(f"- {finding}" for finding in self.findings),
            f"{len(self.people):,} people, newcomers among them, at {self.at:%Y-%m-%d %H:%M %Z}"
            f"{', without the store' if self.news.degraded else ''}",
            "",
            meetings_table(meetings, placements, devices=self.devices, width=width),
        ]
        if self.is_detailed:
            parts += [
                "",
                *(people_table(one, devices=self.devices, width=width) for one in meetings),
            ]
        return "\n".join(parts)

    def as_dict(
        self, meetings: Sequence[Meetings], reports: Sequence[BranchReport] | None
    ) -> dict[str, Any]:
        """Give everything as JSON-ready values."""
        return {
            "at": self.at.isoformat(),
            "n_people": len(self.people),
            "model_version": self.road.bundle.manifest.bundle_id,
            "config_version": self.road.placements.config_version,
            "findings": self.findings,
            "placements": {one.placement: self._meetings_dict(one) for one in meetings},
            "branches": None if reports is None else [_report_dict(one) for one in reports],
        }

    def _meetings_dict(self, meetings: Meetings) -> dict[str, Any]:
        return {
            device: {str(met): count for met, count in meetings.counts(device).items()}
            for device in self.devices
        }

    def _placement(self, name: str) -> Placement:
        return self.road.placements.named(name)


def _report_dict(report: BranchReport) -> dict[str, Any]:
    return {**asdict(report), "findings": report.findings}
