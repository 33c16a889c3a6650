"""What was recorded: how many events of each type a shop has, month by month."""

import pyarrow as pa
import pyarrow.compute as pc

from training.plots.canvas import Figure, canvas


def events_by_month(months: pa.Table) -> Figure:
    """Draw how many events of each type each month had.

    Parameters
    ----------
    months : pyarrow.Table
        The columns `event_type`, `month` (a timestamp) and `n`, sorted by month.
    """
    figure, (axes,) = canvas(8, 4)
    for event_type in sorted(pc.unique(months["event_type"]).to_pylist()):
        one = months.filter(pc.equal(months["event_type"], event_type))
        axes.plot(one["month"].to_pylist(), one["n"].to_pylist(), marker=".", label=event_type)
    axes.set_yscale("log")
    axes.set_ylabel("Events a month (logarithmic)")
    axes.set_title("What was recorded")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    axes.grid(alpha=0.3)
    return figure
