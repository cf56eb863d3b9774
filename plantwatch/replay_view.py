"""A replay's findings beside the live ones, for a terminal and as JSON."""

import json
from collections.abc import Iterator

from rich.table import Table

from analytics.replay import Comparison, ReplayResult
from plant.codec import finding_fields
from plant.findings import Finding
from plantwatch.console.shown import clock_text


def as_table(comparison: Comparison, zone: str) -> Table:
    """One row a finding, by start; times in ``zone``."""
    table = Table("", "rule", "subject", "from", "to", "seen", box=None)
    for mark, finding in sorted(_marked(comparison), key=lambda row: (row[1].start, row[1].rule, row[1].subject)):
        end = "open" if finding.end is None else clock_text(finding.end, zone)
        table.add_row(mark, finding.rule, finding.subject, clock_text(finding.start, zone), end, finding.seen)
    return table


def _marked(comparison: Comparison) -> Iterator[tuple[str, Finding]]:
    yield from (("as live", f) for f in comparison.same)
    yield from (("changed: " + ", ".join(d.fields), d.replayed) for d in comparison.different)
    yield from (("only live", f) for f in comparison.only_live)
    yield from (("only replay", f) for f in comparison.only_replayed)


def body(result: ReplayResult, comparison: Comparison) -> str:
    """The whole comparison as JSON."""
    return json.dumps(
        {
            "rows": result.rows,
            "agrees": comparison.agrees,
            "findings": [{"compared": mark, **finding_fields(finding)} for mark, finding in _marked(comparison)],
        },
        ensure_ascii=False,
        indent=1,
    )
