"""The verdict on a period's unit consumption, and the picture of bars against the three grades. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from math import isfinite, isnan
from typing import Any

from plantwatch.console.data import EnergyPeriod, Grades
from plantwatch.console.shown import clock_text


class Verdict(StrEnum):
    """Where a period's unit consumption lies; comparison is ``actual <= value`` (GB 21257-2024, clause 4)."""

    GRADE_1 = "grade_1"
    GRADE_2 = "grade_2"
    GRADE_3 = "grade_3"
    OVER = "over"
    NOT_ASSESSABLE = "not_assessable"


def verdict(period: EnergyPeriod, grades: Grades) -> Verdict:
    """The best grade that the period reaches; never a grade from too little data."""
    if not period.assessable or isnan(period.consumption):
        return Verdict.NOT_ASSESSABLE
    ladder = (
        (grades.advanced, Verdict.GRADE_1),
        (grades.access, Verdict.GRADE_2),
        (grades.limit, Verdict.GRADE_3),
    )
    for value, reached in ladder:
        if value is not None and period.consumption <= value:
            return reached
    return Verdict.OVER if grades.limit is not None else Verdict.NOT_ASSESSABLE


def axis(periods: Sequence[EnergyPeriod], grades: Grades) -> tuple[float, float]:
    """Ends of the value axis [kgce/t]: holds every bar and every grade, and is cut below to show differences."""
    lines = [g for g in (grades.advanced, grades.access, grades.limit) if g is not None]
    bars = [p.consumption for p in periods if isfinite(p.consumption)]
    judged = [p.consumption for p in periods if p.assessable and isfinite(p.consumption)]
    low, high = min([*lines, *judged], default=0.0), max([*lines, *bars], default=1.0)
    margin = max((high - low) * 0.25, 5.0)
    return max(0.0, (low - margin) // 10 * 10), ((high + margin / 2) // 10 + 1) * 10


_COLOUR = {
    False: {"bar": "#8a96a3", "over": "#c2571a", "grid": "#d4d8dd", "text": "#3c4650", "line": "#2d5f8b"},
    True: {"bar": "#8593a2", "over": "#e8894a", "grid": "#3a434d", "text": "#c3ccd5", "line": "#7db3e0"},
}


def chart(
    periods: Sequence[EnergyPeriod], grades: Grades, words: dict[str, str], *, zone: str, form: str, dark: bool
) -> dict[str, Any]:
    """ECharts options: bars with the three grade lines above, coverage below; hatched where not assessable.

    Args:
        periods: oldest first.
        grades: the three lines.
        words: texts ``consumption``, ``coverage``, ``grade_1`` … ``not_assessable`` in the viewer's language.
        zone: the plant's time zone.
        form: ``strftime`` form of the labels on the time axis.
        dark: colours for a dark page.
    """
    colour = _COLOUR[dark]
    low, high = axis(periods, grades)
    names = [clock_text(p.start, zone, form=form) for p in periods]
    label = {"color": colour["text"]}
    split = {"lineStyle": {"color": colour["grid"]}}
    return {
        "animation": False,
        "textStyle": {"fontFamily": "inherit"},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "grid": [
            {"left": 56, "right": 108, "top": 30, "bottom": 118},
            {"left": 56, "right": 108, "height": 48, "bottom": 28},
        ],
        "xAxis": [
            {"data": names, "axisLabel": {"show": False}, "axisTick": {"show": False}},
            {"data": names, "gridIndex": 1, "axisLabel": label},
        ],
        "yAxis": [
            {
                "name": "kgce/t",
                "min": low,
                "max": high,
                "axisLabel": label,
                "nameTextStyle": label,
                "splitLine": split,
            },
            {
                "name": words["coverage"],
                "gridIndex": 1,
                "min": 0,
                "max": 100,
                "interval": 50,
                "axisLabel": {**label, "formatter": "{value} %"},
                "nameTextStyle": {**label, "align": "left"},
                "nameGap": 8,
                "splitLine": split,
            },
        ],
        "series": [
            {
                "type": "bar",
                "name": f"{words['consumption']} [kgce/t]",
                "barMaxWidth": 40,
                "data": [_bar(p, grades, low, colour) for p in periods],
                "markLine": _lines(grades, words, colour),
            },
            {
                "type": "bar",
                "name": f"{words['coverage']} [%]",
                "xAxisIndex": 1,
                "yAxisIndex": 1,
                "barMaxWidth": 40,
                "itemStyle": {"color": colour["grid"] if dark else "#b9c1ca"},
                "data": [round(p.coverage * 100, 1) for p in periods],
            },
        ],
    }


def _bar(period: EnergyPeriod, grades: Grades, low: float, colour: dict[str, str]) -> dict[str, Any]:
    if isnan(period.consumption):
        return {"value": None}
    judged = verdict(period, grades)
    bar: dict[str, Any] = {"value": round(period.consumption, 1)}
    if judged is Verdict.NOT_ASSESSABLE:
        bar["value"] = round(max(period.consumption, low), 1)
        bar["itemStyle"] = {
            "color": "transparent",
            "borderColor": colour["bar"],
            "borderType": "dashed",
            "decal": {
                "symbol": "rect",
                "dashArrayX": [1, 0],
                "dashArrayY": [2, 5],
                "rotation": -0.785,
                "color": colour["bar"],
            },
        }
    elif judged is Verdict.OVER:
        bar["itemStyle"] = {"color": colour["over"]}
        bar["label"] = {"show": True, "position": "top", "formatter": "▲", "color": colour["over"]}
    else:
        bar["itemStyle"] = {"color": colour["bar"]}
    return bar


def _lines(grades: Grades, words: dict[str, str], colour: dict[str, str]) -> dict[str, Any]:
    rows = (
        (grades.advanced, "grade_1", "dotted", colour["line"]),
        (grades.access, "grade_2", "dashed", colour["line"]),
        (grades.limit, "grade_3", "solid", colour["over"]),
    )
    return {
        "silent": True,
        "symbol": "none",
        "data": [
            {
                "yAxis": value,
                "lineStyle": {"type": form, "color": shade, "width": 2 if form == "solid" else 1.5},
                "label": {"formatter": f"{words[name]} {value:g}", "color": shade, "position": "end"},
            }
            for value, name, form, shade in rows
            if value is not None
        ],
    }
