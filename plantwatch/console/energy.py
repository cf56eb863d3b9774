"""What a tonne costs in energy, hour by hour and day by day, against the three grades of its standard."""

from math import isfinite

from nicegui import ui

from plant.model import Product
from plantwatch.console.data import EnergyPeriod, Grades, ProductEnergy
from plantwatch.console.energy_view import Verdict, axis, chart, verdict
from plantwatch.console.screen import Screen
from plantwatch.console.shown import number

EVERY = 5.0
"""Seconds between two looks: a new period closes once an hour."""
SIGN = {
    Verdict.GRADE_1: "①",
    Verdict.GRADE_2: "②",
    Verdict.GRADE_3: "③",
    Verdict.OVER: "▲",
    Verdict.NOT_ASSESSABLE: "?",
}
_WORDS = ("consumption", "coverage", "grade_1", "grade_2", "grade_3")


def build(screen: Screen) -> None:
    """Build one panel a product, drawn anew when a period closes."""
    products = {p.id: p for p in screen.desk.plant.products}
    if not products:
        ui.label(screen.t("no_products")).classes("pw-faint")
    panels = {p: ui.element("section").classes("pw-panel") for p in products}
    drawn: dict[str, tuple[object, ...]] = {}

    async def update() -> None:
        for account in await screen.desk.energy():
            product = products.get(account.product)
            key = (_key(account.hours), _key(account.days), _key(account.so_far), account.grades)
            if product is not None and drawn.get(product.id) != key:
                drawn[product.id] = key
                panels[product.id].clear()
                with panels[product.id]:
                    _draw(screen, product, account)

    screen.live(update, every=EVERY)


def _key(periods: tuple[EnergyPeriod, ...]) -> tuple[tuple[int, str, float], ...]:
    """Comparable content: NaN equals NaN here."""
    return tuple((p.start, repr(p.consumption), p.coverage) for p in periods)


def _draw(screen: Screen, product: Product, account: ProductEnergy) -> None:
    t = screen.t
    with ui.element("div").classes("pw-row pw-between"):
        ui.label(screen.title(product)).classes("pw-title").props("role=heading aria-level=2")
        ui.label(f"{account.grades.standard} · {product.limit.row} · {product.coefficients}").classes("pw-faint")
    with ui.element("div").classes("pw-cards"):
        _so_far(screen, account.so_far)
        _figure(screen, t("last_hour"), account.hours, account.grades, "%m-%d %H:00")
        _figure(screen, t("last_day"), account.days, account.grades, "%Y-%m-%d")
        _grades(screen, account.grades)
    for title, periods, form in (("by_hour", account.hours, "%d. %H:00"), ("by_day", account.days, "%m-%d")):
        ui.label(t(title)).classes("pw-title").style("font-size: 14px")
        if not periods:
            ui.label(t("no_energy")).classes("pw-faint")
            continue
        words = {key: t(key) for key in _WORDS}
        zone = screen.desk.plant.time_zone
        picture = chart(periods, account.grades, words, zone=zone, form=form, dark=screen.dark)
        ui.echart(picture).style("width: 100%; height: 330px").props["role"] = "img"
        low = number(axis(periods, account.grades)[0], 0)
        ui.label(t("energy_note", low=low, least=f"{product.min_coverage:.0%}".rstrip("%"))).classes("pw-faint")


def _so_far(screen: Screen, periods: tuple[EnergyPeriod, ...]) -> None:
    """The hour that is not over yet: a figure to steer by, without a grade."""
    with ui.element("div").classes("pw-card"):
        if not periods:
            ui.label(screen.t("so_far")).classes("pw-faint")
            ui.label(screen.t("no_so_far")).classes("pw-figure")
            return
        last = periods[-1]
        ui.label(f"{screen.t('so_far')} · {screen.clock(last.start, '%H:%M')}").classes("pw-faint")
        known = isfinite(last.consumption)
        ui.label(f"{number(last.consumption, 1)} kgce/t" if known else "–").classes("pw-figure")
        ui.label(f"{screen.t('no_verdict')} · {screen.t('coverage')} {last.coverage:.1%}").classes("pw-faint")


def _figure(screen: Screen, title: str, periods: tuple[EnergyPeriod, ...], grades: Grades, form: str) -> None:
    with ui.element("div").classes("pw-card"):
        if not periods:
            ui.label(title).classes("pw-faint")
            ui.label(screen.t("no_energy")).classes("pw-figure")
            return
        last = periods[-1]
        judged = verdict(last, grades)
        ui.label(f"{title} · {screen.clock(last.start, form)}").classes("pw-faint")
        with ui.element("div").classes("pw-row"):
            known = isfinite(last.consumption) and judged is not Verdict.NOT_ASSESSABLE
            ui.label(f"{number(last.consumption, 1)} kgce/t" if known else "–").classes("pw-figure")
            ui.label(f"{SIGN[judged]} {screen.t(f'reach_{judged}')}").classes(f"pw-chip {judged}")
        words = [f"{screen.t('coverage')} {last.coverage:.1%}"]
        if known and grades.limit is not None:
            away = last.consumption - grades.limit
            key = "above_limit" if away > 0 else "below_limit"
            words.insert(0, f"{screen.t('to_limit')}: {screen.t(key, value=number(abs(away), 1))}")
        ui.label(" · ".join(words)).classes("pw-faint")


def _grades(screen: Screen, grades: Grades) -> None:
    with ui.element("div").classes("pw-card"):
        ui.label(f"{grades.standard}, kgce/t").classes("pw-faint")
        with ui.element("div").classes("pw-grid").style("grid-template-columns: 1fr auto"):
            for key, value in (
                ("grade_1", grades.advanced),
                ("grade_2", grades.access),
                ("grade_3", grades.limit),
            ):
                ui.label(screen.t(key))
                ui.label("–" if value is None else f"≤ {value:g}").classes("n")
