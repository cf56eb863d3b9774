"""Meters that belong to no product: watched like the others, and no value is kept for an account."""

from energy_plant import FILE, HOUR, Drive, at, counter, every_minute

from plant.plantfile import parse_plant
from plant.readings import Readings

START = at("2026-03-10T12:00+00:00")


def test_a_meter_without_a_product_is_watched_and_its_values_do_not_pile_up() -> None:
    text = FILE[: FILE.index("products:")] + "products: []\n"
    drive = Drive.of(parse_plant(text, name="meters.yaml"))
    for hour in range(30):
        times = every_minute(START + hour * HOUR, START + (hour + 1) * HOUR - 1)
        parts = [
            Readings.of_point(p, times, counter(times, str(100 + hour * rate), rate))
            for p, rate in (("E.total", 600.0), ("S.total", 2.0))
        ]
        drive.step(Readings.concat(parts))
    kept = [len(w.series.samples().time) for w in drive.accounts._watches.by_id.values()]
    assert max(kept) < 5 * 60  # of 30 hours with a value a minute
    assert drive.results == []
    times = every_minute(START + 30 * HOUR, START + 31 * HOUR)
    drive.step(Readings.of_point("E.total", times, counter(times, "5", 600.0)))
    assert ("EN-RESET", "E") in drive.rules()
