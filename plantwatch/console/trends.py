"""Trends of any points: one strip per unit of measurement, a band from lowest to highest, gaps left open."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from nicegui import events, ui

from plant.clock import SECOND
from plant.model import Kind, Point
from plantwatch.console.data import Trend
from plantwatch.console.screen import UPDATE, Screen
from plantwatch.console.shown import age_text, decimals, unit_text

MOST = 8
"""Points shown at once."""
USUAL = 6
"""Points shown before any was chosen."""
BUCKETS = 360
"""Windows across the range."""
RANGES = {"range_10m": 600, "range_1h": 3600, "range_8h": 28_800, "range_24h": 86_400, "range_7d": 604_800}
"""Name of each range and its length [s]."""
_COLOURS = {
    False: ("#1f567f", "#b8480a", "#4d6b2f", "#5b3f94", "#8a6d00", "#0f6f73", "#8f2f5e", "#4a545e"),
    True: ("#7db3e0", "#f0a060", "#a5c77f", "#c0a6f2", "#e3c75a", "#6fd0d2", "#ec94bd", "#b6c0ca"),
}


class _Choice:
    """What is chosen on this page."""

    def __init__(self, points: list[str]) -> None:
        self.points = points
        self.range = "range_1h"
        self.hold = False
        self.due = 0
        self.drawn: tuple[object, ...] = ()


def build(screen: Screen) -> None:
    """Build the page and keep it live."""
    plant = screen.desk.plant
    asked = [p for p in screen.query.get("points", "").split(",") if p in plant.points][:MOST]
    choice = _Choice(asked or _usual(screen))
    with ui.element("div").classes("pw-panel"):
        _selector(screen, choice)
        with ui.element("div").classes("pw-row"):
            ui.label(screen.t("range")).classes("pw-faint")
            names = {key: screen.t(key) for key in RANGES}
            toggle = ui.toggle(names, value=choice.range).props("no-caps unelevated dense padding='3px 12px'")
            toggle.on_value_change(lambda e: _choose(choice, e.value))
            hold = ui.checkbox(screen.t("hold")).props("dense")
            hold.on_value_change(lambda e: setattr(choice, "hold", bool(e.value)))
            note = ui.label("").classes("pw-faint").style("margin-left: auto")
        empty = ui.label(screen.t("no_points")).classes("pw-faint")
        chart = ui.echart({"series": []}).classes("pw-live").style("width: 100%; height: calc(100vh - 290px)")
        chart.style("min-height: 380px").props["role"] = "img"

    async def update() -> None:
        now = screen.desk.now()
        asked_for = (tuple(choice.points), choice.range)
        if (choice.hold or now < choice.due) and asked_for == choice.drawn:
            return
        length = RANGES[choice.range] * SECOND
        window = max(length // BUCKETS, SECOND)
        end = (now // window + 1) * window
        found = await screen.desk.trend(choice.points, end - length, end, window=window) if choice.points else {}
        choice.drawn, choice.due = asked_for, now + window // 4
        empty.set_visibility(not choice.points)
        note.set_text(screen.t("trend_note", window=age_text(window)))
        chart.options.clear()
        chart.options.update(options(screen, found, end - length, end))
        chart.update()

    screen.live(update, every=UPDATE)


def _choose(choice: _Choice, name: str) -> None:
    choice.range = name


def _usual(screen: Screen) -> list[str]:
    """Without a choice: the measurements that the interlocks watch, so that a missing one is seen."""
    points = screen.desk.plant.points
    causes = dict.fromkeys(c.point for i in screen.desk.plant.interlocks for c in i.causes)
    return [p for p in causes if p in points and points[p].kind is Kind.ANALOG][:USUAL]


def _selector(screen: Screen, choice: _Choice) -> None:
    names = {
        p.id: f"{screen.title(p)} · {p.id} [{unit_text(p.unit)}]".replace(" []", "")
        for p in screen.desk.plant.points.values()
    }
    select = ui.select(
        names, label=screen.t("choose_points"), value=list(choice.points), multiple=True, with_input=True
    )
    select.props("use-chips outlined dense clearable options-dense virtual-scroll-slice-size=20")
    select.style("width: 100%")

    def changed(e: events.ValueChangeEventArguments[Any]) -> None:
        wanted = list(e.value or [])
        if len(wanted) > MOST:
            ui.notify(screen.t("most_points", n=MOST), type="warning")
            select.set_value(wanted[:MOST])
            return
        choice.points = wanted

    select.on_value_change(changed)


def options(screen: Screen, found: Mapping[str, Trend], start: int, end: int) -> dict[str, Any]:
    """ECharts options for these trends; points of one unit of measurement share a strip."""
    points = [screen.desk.plant.points[p] for p in found]
    strips = list(dict.fromkeys(_strip_of(p) for p in points)) or [("1", False)]
    palette = _COLOURS[screen.dark]
    text, grid = ("#c3ccd5", "#3a434d") if screen.dark else ("#3c4650", "#d4d8dd")
    time = {"type": "time", "axisLine": {"lineStyle": {"color": text}}}
    series: list[dict[str, Any]] = []
    for i, point in enumerate(points):
        name, axis = _name(screen, point, points), strips.index(_strip_of(point))
        series += _series(screen, point, found[point.id], name=name, axis=axis, colour=palette[i % len(palette)])
    return {
        "animation": False,
        "useUTC": True,  # the times given are the plant's local ones: never the browser's zone
        "textStyle": {"fontFamily": "inherit"},
        "tooltip": {"trigger": "axis"},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "legend": {
            "top": 0,
            "type": "scroll",
            "textStyle": {"color": text},
            "data": [_name(screen, p, points) for p in points],
        },
        "grid": [_place(i, len(strips)) for i in range(len(strips))],
        "xAxis": [
            {
                **time,
                "min": _local(screen, start),
                "max": _local(screen, end),
                "gridIndex": i,
                "axisLabel": {"show": i == len(strips) - 1, "color": text, "hideOverlap": True},
                "splitLine": {"show": True, "lineStyle": {"color": grid}},
            }
            for i in range(len(strips))
        ],
        "yAxis": [
            {
                "gridIndex": i,
                "name": unit_text(unit),
                "scale": True,
                "nameTextStyle": {"color": text, "align": "right"},
                "axisLabel": {"color": text},
                "splitNumber": max(2, 5 - len(strips)),
                "splitLine": {"lineStyle": {"color": grid}},
            }
            for i, (unit, _) in enumerate(strips)
        ],
        "series": series,
    }


def _local(screen: Screen, ns: int) -> float:
    """Milliseconds whose UTC reading is the plant's local time."""
    offset = screen.clock(ns, "%z")
    minutes = int(offset[:3]) * 60 + int(offset[0] + offset[3:])
    return ns / 1e6 + minutes * 60_000


def _strip_of(point: Point) -> tuple[str, bool]:
    """Points of one unit share a strip, but a switch never shares one with a measurement."""
    return point.unit, point.kind is Kind.DISCRETE


def _place(i: int, n: int) -> dict[str, Any]:
    each = 91 / n
    return {"left": 72, "right": 24, "top": f"{9 + i * each:.1f}%", "height": f"{each - (6 if n > 1 else 4):.1f}%"}


def _name(screen: Screen, point: Point, among: list[Point]) -> str:
    """The title, with the id where two of the points share it: ECharts would take them for one."""
    title = screen.title(point)
    return f"{title} {point.id}" if sum(screen.title(p) == title for p in among) > 1 else title


def _series(
    screen: Screen, point: Point, trend: Trend, *, name: str, axis: int, colour: str
) -> list[dict[str, Any]]:
    places = decimals(point) + 2
    shift = (
        _local(screen, 0) if not len(trend.start) else _local(screen, int(trend.start[0])) - trend.start[0] / 1e6
    )
    times = [float(t) / 1e6 + shift for t in trend.start]

    def column(values: list[float]) -> list[list[float | None]]:
        return [[t, round(v, places) if isfinite(v) else None] for t, v in zip(times, values, strict=True)]

    place = {"xAxisIndex": axis, "yAxisIndex": axis, "type": "line", "symbol": "none", "connectNulls": False}
    place |= {"step": False if point.kind is Kind.ANALOG else "end"}
    low, spread = trend.low.tolist(), (trend.high - trend.low).tolist()
    hidden = {"lineStyle": {"opacity": 0}, "stack": f"band {point.id}", "silent": True, "tooltip": {"show": False}}
    line = {
        **place,
        "name": name,
        "data": column(trend.mean.tolist()),
        "color": colour,
        "lineStyle": {"width": 1.6, "color": colour},
        "markLine": _limits(point, colour),
    }
    return [
        {**place, **hidden, "name": f"low {point.id}", "data": column(low)},
        {
            **place,
            **hidden,
            "name": f"high {point.id}",
            "data": column(spread),
            "areaStyle": {"color": colour, "opacity": 0.15},
        },
        line,
    ]


def _limits(point: Point, colour: str) -> dict[str, Any]:
    """The point's own alarm limits as thin dashed lines."""
    return {
        "silent": True,
        "symbol": "none",
        "label": {"show": False},
        "lineStyle": {"type": "dashed", "width": 1, "color": colour, "opacity": 0.55},
        "data": [{"yAxis": a.limit} for a in point.alarms if a.limit is not None and point.kind is Kind.ANALOG],
    }
