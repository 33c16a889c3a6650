"""A job of picks: lists for a million people in a file, part by part, so that it can go on."""

import json
import os
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from threadpoolctl import threadpool_limits

from features.errors import InvalidInput
from features.lock import holding
from serving.audience import Audience
from serving.pick_files import picks_file
from serving.pick_tables import PICK_SCHEMA, pick_table
from serving.picks import Picker

USERS_IN_A_PART: Final = 4096
_PICKED_AT_ONCE: Final = 1024
_PLAN: Final = "plan.json"
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, eq=False)
class PickJob:
    """Lists for an audience, into a file.

    Beside the file grows a folder of finished parts, with the plan that they belong to. A job
    that was killed goes on from them when it is run again; the folder goes when the file stands.

    Parameters
    ----------
    picker : Picker
        Makes the lists.
    audience : Audience
        For whom.
    out : Path
        The file; its name ends in .parquet, .jsonl or .csv.
    """

    picker: Picker
    audience: Audience
    out: Path

    @property
    def plan(self) -> dict[str, Any]:
        """What two runs must have in common to be one job."""
        road, placement = self.picker.road, self.picker.placement
        return {
            "bundle_id": road.bundle.manifest.bundle_id,
            "placement": placement,
            "config_version": road.placements.config_version,
            "num_results": self.picker.num_results,
            "users": self.audience.digest,
            "users_in_a_part": USERS_IN_A_PART,
        }

    @property
    def folder(self) -> Path:
        """Where the finished parts are."""
        return self.out.with_name(f"{self.out.name}.parts")

    def run(self, progress: Progress, *, restart: bool = False) -> Counter[str]:
        """Make the lists, or those that are still missing, and put the file in place in one step.

        Parameters
        ----------
        progress : function of int
            Told after each part how many users are done.
        restart : bool
            True to throw away what another job has left beside the file.

        Returns
        -------
        Counter of str
            How many users have which status.

        Raises
        ------
        InvalidInput
            The file's name says no format, the parts beside it are of another job, or that job
            is still running.
        """
        written = self.folder / f"written{self.out.suffix}"
        file = picks_file(written)
        counts: Counter[str] = Counter()
        with _held(self.folder), threadpool_limits(1):
            self._agree(restart=restart)
            with file as write:
                for table in self._tables():
                    write(table)
                    counts.update(table["status"].to_pylist())
                    progress(counts.total())
            written.replace(self.out)
            shutil.rmtree(self.folder)
        return counts

    def _agree(self, *, restart: bool) -> None:
        """Keep the parts that belong to this plan, or begin anew."""
        path, plan = self.folder / _PLAN, self.plan
        if path.exists() and not restart:
            found = json.loads(path.read_text(encoding="utf-8"))
            other = [name for name in plan if found.get(name) != plan[name]]
            if other:
                raise InvalidInput(
                    f"{self.folder} holds parts of a job with other {', '.join(other)};"
                    " run that command again to finish it, or give --restart to begin anew"
                )
            return
        for part in self.folder.glob("*.arrow"):
            part.unlink()
        _put(path, lambda draft: draft.write_text(json.dumps(plan, indent=1), encoding="utf-8"))

    def _tables(self) -> Iterator[pa.Table]:
        """Give the parts in order, each while the next one is being made."""
        ahead: deque[tuple[Path, list[Future[pa.Table]]]] = deque()
        # Arrays are worked on outside of the interpreter's lock, so that threads use every core,
        # and start at once: processes are a tenth faster, from a hundred thousand users on.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for start in range(0, len(self.audience), USERS_IN_A_PART):
                ahead.append(self._begun(pool, start))
                if len(ahead) > 1:
                    yield _finished(*ahead.popleft())
            yield from (_finished(*part) for part in ahead)

    def _begun(self, pool: ThreadPoolExecutor, start: int) -> tuple[Path, list[Future[pa.Table]]]:
        path = self.folder / f"{start:012}.arrow"
        if path.exists():
            return path, []
        stop = min(start + USERS_IN_A_PART, len(self.audience))
        some = range(start, stop, _PICKED_AT_ONCE)
        return path, [
            pool.submit(self._picked, first, min(first + _PICKED_AT_ONCE, stop)) for first in some
        ]

    def _picked(self, start: int, stop: int) -> pa.Table:
        return pick_table(self.picker, self.audience.ids(start, stop))


def _finished(path: Path, making: list[Future[pa.Table]]) -> pa.Table:
    if making:
        table = pa.concat_tables([one.result() for one in making])
        _put(path, lambda draft: _write_arrow(table, draft))
        return table
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def _write_arrow(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, PICK_SCHEMA) as writer:
        writer.write_table(table)


def _put(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under another name first: under its own it is complete or not there."""
    draft = path.with_name(f".{path.name}")
    write(draft)
    draft.replace(path)


def _held(folder: Path) -> AbstractContextManager[None]:
    """Be the only one who works in a folder."""
    busy = InvalidInput(
        f"another process is making the picks in {folder}; wait until it has finished"
    )
    return holding(folder / ".lock", busy=busy)
