"""Tables in one shape: left for words, right for numbers, bounded rows, sent only when something changed."""

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from plantwatch.console.screen import Screen

NUMBERS = frozenset(
    {"received", "sent", "spooled", "lost", "written", "rejected", "overwritten", "expired", "values", "failing"}
)
"""Columns that hold whole numbers: right-aligned, sorted as numbers, a dash for none."""
FIXED = frozenset({"raised", "until", "time", "from", "to", "state"})
"""Columns that never break a line."""
_FORMAT = "v => v === null ? '\u2013' : v.toLocaleString('en-US').replaceAll(',', '\u2009')"


def table(screen: Screen, columns: Sequence[str], *, empty: str, page: int = 0, actions: bool = False) -> ui.table:
    """A table with the named columns, their titles from the texts; ``page`` rows a page, 0 for all."""
    shape: list[dict[str, Any]] = [
        {
            "name": key,
            "field": key,
            "label": screen.t(key),
            "align": "right" if key in NUMBERS or key == "last_value" else "left",
            "sortable": page > 0,
            "classes": "pw-fixed" if key in FIXED else "",
            "headerClasses": "pw-fixed",
            **({":format": _FORMAT} if key in NUMBERS else {}),
        }
        for key in columns
    ]
    if actions:
        shape.append({"name": "actions", "field": "actions", "label": "", "align": "right", "classes": "pw-fixed"})
    board = ui.table(columns=shape, rows=[], row_key="id", pagination=page).classes("pw-table")
    board.props("flat dense wrap-cells" + ("" if page else " hide-pagination"))
    board.props["no-data-label"] = screen.t(empty)
    return board


def show_rows(
    screen: Screen, board: ui.table, rows: list[dict[str, Any]], more: ui.label | None, *, total: int
) -> None:
    """Put these rows into the table, and say how many were left out."""
    if board.rows != rows:
        board.rows = rows
    if more is not None:
        more.set_text(screen.t("rows_more", n=total - len(rows)) if total > len(rows) else "")
        more.set_visibility(total > len(rows))
