"""An ingest report as text for the shop's owner."""

from collections.abc import Iterator

from features.ingest.bots import MAX_BROWSING_A_DAY
from features.ingest.report import IngestReport, RowCounts

_CONTENT_WIDTH = 100


def render(report: IngestReport) -> str:
    """Write a report so that it can be read in a terminal.

    Parameters
    ----------
    report : IngestReport
        From `features.ingest.ingest`.
    """
    return "\n".join(_lines(report)) + "\n"


def _lines(report: IngestReport) -> Iterator[str]:
    yield f"Ingest {report.ingest_id}"
    if report.files["events"]:
        yield from _events(report)
    for kind, counts in (("items", report.items), ("users", report.users)):
        if report.files[kind]:
            yield from _rows(kind, counts, len(report.files[kind]))
    if report.users_from_events:
        yield f"{report.users_from_events:,} users added because an event named them"
    if report.reasons:
        yield from _rejects(report)


def _events(report: IngestReport) -> Iterator[str]:
    counts = report.events
    yield f"{counts.read:,} rows of events in {_files(len(report.files['events']))}"
    yield _line(counts.accepted, "new events in the log" + _kinds(report))
    yield from _unless_zero(counts.duplicates, "known already, or twice in the files")
    yield from _unless_zero(counts.filtered, "filtered out by the mapping's keep conditions")
    yield from _unless_zero(counts.ignored, "of types that the mapping ignores")
    yield from _unless_zero(counts.rejected, "rejected")
    bots = (
        f"set aside: {report.bots:,} visitors with more than {MAX_BROWSING_A_DAY:,} views and"
        f" clicks on a day and nothing bought, see {report.set_aside_file}"
    )
    yield from _unless_zero(counts.set_aside, bots)
    accepted = report.accepted
    if accepted.first and accepted.last:
        first, last = (one[:16].replace("T", " ") for one in (accepted.first, accepted.last))
        yield f"  From {first} to {last} UTC"
    if accepted.without_person:
        share = accepted.without_person / counts.accepted
        yield (
            f"  {accepted.without_person:,} ({share:.0%}) name no user:"
            " they say what sells, not who buys"
        )
    if accepted.unknown_items:
        yield (
            f"  {accepted.unknown_items:,} of their items are not in the catalogue"
            f" ({accepted.of_unknown_items:,} events): no title, no price, no filter for them"
        )
    if report.unused_columns:
        yield f"  Columns not used: {', '.join(report.unused_columns)}"


def _rows(kind: str, counts: RowCounts, n_files: int) -> Iterator[str]:
    yield f"{counts.read:,} rows of {kind} in {_files(n_files)}"
    yield _line(counts.written, f"{kind} added or updated")
    yield from _unless_zero(counts.superseded, "with an id that came again later")
    yield from _unless_zero(counts.filtered, "filtered out by the mapping's keep conditions")
    yield from _unless_zero(counts.rejected, "rejected")


def _rejects(report: IngestReport) -> Iterator[str]:
    yield f"Rejected rows, all of them in {report.rejects_file}"
    for reason, n_rows in report.reasons.items():
        examples = [row for row in report.examples if row.reason == reason]
        yield _line(n_rows, f"{reason}: {examples[0].message}")
        for row in examples:
            content = row.content[:_CONTENT_WIDTH].encode("unicode_escape").decode("ascii")
            yield f"{'':14}{row.file}, line {row.line:,}: {content}"


def _kinds(report: IngestReport) -> str:
    kinds = ", ".join(f"{name} {n_events:,}" for name, n_events in report.accepted.by_type.items())
    return f": {kinds}" if kinds else ""


def _files(n_files: int) -> str:
    return "1 file" if n_files == 1 else f"{n_files:,} files"


def _line(count: int, what: str) -> str:
    return f"{count:>12,}  {what}"


def _unless_zero(count: int, what: str) -> Iterator[str]:
    if count:
        yield _line(count, what)
