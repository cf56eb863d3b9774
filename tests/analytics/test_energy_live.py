"""Hours and days of a running plant: what is closed when, in whose calendar, and which findings come of it."""

import numpy as np
import pytest
from energy_plant import DAY, HOUR, MINUTE, SKEW, Drive, at, counter, every_minute, in_batches, small_plant
from numpy.typing import NDArray

from analytics.energy.live import GRACE
from plant.clock import SECOND
from plant.findings import FindingState
from plant.model import Plant
from plant.readings import Readings

START = at("2026-03-10T00:00:00+08:00")
HOUR_POINT, DAY_POINT = "small/caustic/hour", "small/caustic/day"
RUNNING = {"E.total": ("1000", 2400.0), "S.total": ("100", 1.2), "P.total": ("50", 1.0)}
"""First value and units an hour: 2,400 * 0.1229 + 1,200 * 0.03412 = 335.904 kgce for one tonne."""
EASY = small_plant(('max_rate: "2000"', 'max_rate: "5000"'), ("range: [0, 2000]", "range: [0, 5000]"))


def running(start: int, end: int, **changed: NDArray[np.float64]) -> Readings:
    """All meters from ``start`` to ``end``, even or as given; NaN leaves a value out."""
    time = every_minute(start, end)
    series = {p: counter(time, first, rate, digits=4) for p, (first, rate) in RUNNING.items()}
    series |= {"E.rate": np.full(len(time), 2400.0), "other": np.zeros(len(time))}
    series |= {p.replace("_", "."): v for p, v in changed.items()}
    return Readings.concat([Readings.of_point(p, time[~np.isnan(v)], v[~np.isnan(v)]) for p, v in series.items()])


def driven(readings: Readings, plant: Plant = EASY, size: int = 200) -> Drive:
    drive = Drive.of(plant)
    for batch in in_batches(readings, [size]):
        drive.step(batch)
    return drive


def with_rates(*rates: float, first: str = "0") -> NDArray[np.float64]:
    """A counter that runs at another rate in each hour."""
    per_minute = np.repeat(np.array(rates) / 60, 60)
    shown: NDArray[np.float64] = np.round(float(first) + np.append([0.0], np.cumsum(per_minute)), 4)
    return shown


# --- hours and days -----------------------------------------------------------------------------------


def test_each_hour_and_the_day_have_their_unit_consumption() -> None:
    drive = driven(running(START, START + DAY + 2 * MINUTE))
    hours = [r for r in drive.results if r.point == HOUR_POINT]
    assert [r.time for r in hours] == [START + i * HOUR for i in range(24)]
    assert {r.value for r in hours} == {335.904}
    assert drive.value(DAY_POINT, START).value == 335.904
    assert {r.value for r in drive.results if r.point.endswith("/coverage")} == {1.0}
    assert not drive.findings


def test_a_period_is_closed_a_minute_after_its_end() -> None:
    drive = Drive.of(EASY)
    drive.step(running(START, START + HOUR))
    assert HOUR_POINT not in {r.point for r in drive.results}
    for late in (GRACE + SKEW - 1, GRACE + SKEW):
        time = np.array([START + HOUR + late], np.int64)
        drive.step(Readings.of_point("other", time, np.zeros(1)))
        assert (HOUR_POINT in {r.point for r in drive.results}) == (late == GRACE + SKEW)


def test_an_hour_without_enough_data_has_a_status_and_no_value() -> None:
    # Seven minutes of the production meter are missing: 53 of 60 are 88 %.
    made = counter(every_minute(START, START + 2 * HOUR), "50", 1.0, digits=4)
    made[10:17] = np.nan
    made[70:76] = np.nan
    drive = driven(running(START, START + 2 * HOUR + 2 * MINUTE, P_total=np.append(made, made[-1] + [0.0, 0.0])))
    first, second = drive.value(HOUR_POINT, START), drive.value(HOUR_POINT, START + HOUR)
    assert (np.isnan(first.value), first.status) == (True, 0x809B0000)  # BadNoData
    assert drive.value(f"{HOUR_POINT}/coverage", START).value == pytest.approx(52 / 60)
    # Minutes 69 to 76 are one step of 7 minutes, more than three periods: 53 of 60 minutes again.
    assert (np.isnan(second.value), second.status) == (True, 0x809B0000)


def test_a_plant_that_stands_half_a_day_has_a_figure_for_the_day() -> None:
    # Twelve hours of production, then twelve at rest that still need 100 kWh an hour.
    end = START + DAY + 2 * MINUTE
    drive = driven(
        running(
            START,
            end,
            E_total=np.append(with_rates(*[2400.0] * 12, *[100.0] * 12), [30000.0, 30000.0]),
            E_rate=np.append(np.repeat([2400.0, 100.0], 720), [100.0] * 3),
            S_total=np.append(with_rates(*[1.2] * 12, *[0.0] * 12), [14.4, 14.4]),
            P_total=np.append(with_rates(*[1.0] * 12, *[0.0] * 12), [12.0, 12.0]),
        )
    )
    hours = [drive.value(HOUR_POINT, START + i * HOUR) for i in range(24)]
    assert [h.value for h in hours[:12]] == [335.904] * 12
    assert all(np.isnan(h.value) for h in hours[12:]), "no production, no figure"
    # (12 * 2,400 + 12 * 100) kWh * 0.1229 = 3,687 kgce; 14.4 GJ * 34.12 = 491.328; together 4,178.328 for 12 t
    assert drive.value(DAY_POINT, START).value == 348.194
    assert not drive.findings, "meters at rest with their consumers are not stuck"


@pytest.mark.parametrize(
    ("zone", "start", "hours"),
    [
        pytest.param("Asia/Urumqi", "2026-03-10T00:00:00+06:00", 24, id="Urumqi, 2 hours behind Beijing"),
        pytest.param("Asia/Kolkata", "2026-03-10T00:00:00+05:30", 24, id="half an hour beside UTC"),
        pytest.param("Europe/Berlin", "2026-03-29T00:00:00+01:00", 23, id="clocks put forward"),
        pytest.param("Europe/Berlin", "2026-10-25T00:00:00+02:00", 25, id="clocks put back"),
    ],
)
def test_days_are_cut_in_the_plant_s_own_zone(zone: str, start: str, hours: int) -> None:
    begin = at(start)
    plant = small_plant(("Asia/Shanghai", zone), ('max_rate: "2000"', 'max_rate: "5000"'))
    drive = driven(running(begin, begin + hours * HOUR + 2 * MINUTE), plant)
    days = [r for r in drive.results if r.point == DAY_POINT]
    assert [(r.time, r.value) for r in days] == [(begin, 335.904)]
    assert len([r for r in drive.results if r.point == HOUR_POINT]) == hours


def test_a_day_that_begins_in_the_middle_is_not_assessable() -> None:
    drive = driven(running(START + 6 * HOUR, START + DAY + 2 * MINUTE))
    assert np.isnan(drive.value(DAY_POINT, START).value)
    assert drive.value(f"{DAY_POINT}/coverage", START).value == 0.75
    assert drive.value(HOUR_POINT, START + 6 * HOUR).value == 335.904


def test_a_long_pause_is_stepped_over() -> None:
    drive = driven(running(START, START + HOUR))
    later = START + 400 * DAY
    drive.step(running(later, later + 2 * HOUR + 2 * MINUTE))
    assert drive.value(HOUR_POINT, later).value == 335.904
    assert len(drive.results) < 1000


# --- EN-LIMIT -----------------------------------------------------------------------------------------


def limit_findings(start: int, *electricity: float) -> list[tuple[int, int | None]]:
    """Hours from and to which the limit was found passed, with so much electricity in each hour."""
    end = start + len(electricity) * HOUR
    total = with_rates(*electricity)
    drive = driven(running(start, end, E_total=total, E_rate=np.full(len(total), 2400.0)))
    closing = Readings.of_point("other", np.array([end + GRACE + SKEW + SECOND], np.int64), np.zeros(1))
    drive.step(closing)
    assert all(f.rule == "EN-LIMIT" and f.subject == "caustic" for f in drive.findings.values())
    hours = [(f.start - start, None if f.end is None else f.end - start) for f in drive.findings.values()]
    return [(a // HOUR, None if b is None else b // HOUR) for a, b in hours]


def test_hours_above_the_limit_are_one_finding_from_the_first_to_the_last() -> None:
    # 40.944 kgce of heat a tonne leave 309.056 for electricity: 2,514.69 kWh. 2,600 kWh make 360.5 kgce/t.
    assert limit_findings(START, 2400, 2600, 2700, 2400, 2600) == [(1, 3), (4, None)]


def test_exactly_at_the_limit_is_within_it() -> None:
    # 2,514.69 kWh: 2,514.69 * 0.1229 + 40.944 = 349.9994; 2,514.7 make 350.0006
    assert limit_findings(START, 2514.69, 2514.69) == []
    assert limit_findings(START, 2514.70, 2514.70) == [(0, None)]


def test_the_edition_counts_from_its_first_day_in_the_plant_s_own_calendar() -> None:
    # GB 21257-2024 is in force from 2025-05-01: at 00:00 in Shanghai it is still April 30 in UTC.
    eve = at("2025-04-30T22:00:00+08:00")
    assert limit_findings(eve, 2600, 2600, 2600) == [(2, None)]


def test_the_finding_names_the_clause_and_the_figure() -> None:
    drive = driven(
        running(
            START,
            START + HOUR + 2 * MINUTE,
            E_total=counter(every_minute(START, START + HOUR + 2 * MINUTE), "0", 2600),
        )
    )
    (found,) = drive.findings.values()
    assert found.clause == "GB 21257-2024, 表1"
    assert "360.5 > 350 kgce/t" in found.seen
    assert [(r.point, r.time) for r in found.evidence] == [(HOUR_POINT, START)]


def test_megawatt_hours_typed_as_kilowatt_hours_are_no_achievement() -> None:
    # The meter counts MWh, the file says kWh: 2.4 * 0.1229 + 40.944 = 41.2 kgce/t, far below half of 308.
    time = every_minute(START, START + HOUR + 2 * MINUTE)
    drive = driven(running(START, int(time[-1]), E_total=counter(time, "0", 2.4)))
    assert drive.value(HOUR_POINT, START).value == pytest.approx(41.239, abs=0.001)
    assert [f.rule for f in drive.findings.values()] == []


def test_kilowatt_hours_typed_as_megawatt_hours_are_not_believed() -> None:
    # 2,400 a minute's 40 "MWh" are more than 5 MW allow: every step is a jump, and nothing is known.
    plant = small_plant(
        ("name: e, kind: counter, unit: kWh", "name: e, kind: counter, unit: MWh"),
        ('max_rate: "2000"', 'max_rate: "5"'),
    )
    drive = driven(running(START, START + HOUR + 2 * MINUTE), plant)
    assert np.isnan(drive.value(HOUR_POINT, START).value)
    assert one(drive) == ("EN-JUMP", "E", 1, None), "one fault, not one a minute"


# --- EN-RESET, EN-JUMP, EN-GAP, EN-STUCK --------------------------------------------------------------


def one(drive: Drive) -> tuple[str, str, int, int | None]:
    """The only finding, in minutes from the start."""
    (f,) = drive.findings.values()
    return f.rule, f.subject, (f.start - START) // MINUTE, None if f.end is None else (f.end - START) // MINUTE


END = START + 3 * HOUR
TIME = every_minute(START, END)


@pytest.mark.parametrize("size", [7, 200, 100_000])
def test_a_reset_is_found_when_it_happens(size: int) -> None:
    total = counter(TIME, "1000", 2400)
    total[60:] -= total[60]
    assert one(driven(running(START, END, E_total=total), size=size)) == ("EN-RESET", "E", 60, 60)


@pytest.mark.parametrize("size", [7, 200, 100_000])
def test_a_jump_is_found_when_it_happens(size: int) -> None:
    total = counter(TIME, "1000", 2400)
    total[60:] += 5000
    assert one(driven(running(START, END, E_total=total), size=size)) == ("EN-JUMP", "E", 60, 60)


def test_resets_that_follow_each_other_are_one_finding() -> None:
    # Two devices that share a topic: the value falls every five minutes, at 60, 65 ... 85; then it is put right.
    total = counter(TIME, "1000", 2400)
    total[60:86:5] = 5.0
    fell = {
        f.start: f for f in driven(running(START, END, E_total=total)).findings.values() if f.rule == "EN-RESET"
    }
    assert [((a - START) // MINUTE, (f.end or 0) - START == 85 * MINUTE) for a, f in fell.items()] == [(60, True)]


def test_a_roll_over_is_no_finding() -> None:
    total = counter(TIME, "999000", 2400) % 1_000_000
    drive = driven(running(START, END + 2 * MINUTE, E_total=np.append(total, total[-1] + np.array([40.0, 80.0]))))
    assert not drive.findings
    assert drive.value(HOUR_POINT, START).value == 335.904


@pytest.mark.parametrize("size", [7, 200, 100_000])
def test_a_gap_is_found_after_twelve_periods(size: int) -> None:
    total = counter(TIME, "1000", 2400)
    total[61:73] = np.nan  # from the value at minute 60 to that at 73: 13 minutes
    total[100:111] = np.nan  # from 99 to 111: 12 minutes, as long as a meter may be silent
    assert one(driven(running(START, END, E_total=total), size=size)) == ("EN-GAP", "E", 60, 73)


def test_a_gap_that_lasts_is_found_while_it_lasts() -> None:
    total = counter(TIME, "1000", 2400)
    total[61:] = np.nan
    assert one(driven(running(START, END, E_total=total))) == ("EN-GAP", "E", 60, None)


def test_a_meter_that_never_spoke_is_missing_since_its_source_did() -> None:
    total = np.full(len(TIME), np.nan)
    assert one(driven(running(START, END, E_total=total))) == ("EN-GAP", "E", 0, None)


def test_a_silent_source_is_no_gap_of_its_meters() -> None:
    readings = running(START, END)
    away = (readings.time > START + HOUR) & (readings.time < START + 2 * HOUR)
    assert not driven(readings[~away]).findings


def test_a_meter_that_stays_silent_when_its_source_is_back_is_missing() -> None:
    readings = running(START, END)
    away = (readings.time > START + HOUR) & (readings.time < START + 2 * HOUR)
    is_meter = np.array([p == "E.total" for p in readings.points])[readings.code]
    drive = driven(readings[~away & ~(is_meter & (readings.time > START + HOUR))])
    assert one(drive) == ("EN-GAP", "E", 60, None)


@pytest.mark.parametrize("size", [7, 200, 100_000])
def test_a_counter_that_stands_while_its_own_rate_runs_is_stuck(size: int) -> None:
    total = counter(TIME, "1000", 2400)
    total[60:90] = total[60]
    total[90:] -= total[90] - total[60] - 40
    assert one(driven(running(START, END, E_total=total), size=size)) == ("EN-STUCK", "E", 60, 90)


def test_it_is_found_after_fifteen_minutes() -> None:
    total = counter(TIME, "1000", 2400)
    total[60:] = total[60]
    drive = Drive.of(EASY)
    for batch in in_batches(running(START, END, E_total=total), [1]):
        drive.step(batch)
        if drive.findings:
            break
    # The value at minute 75 is judged when nothing older is expected: with the next one.
    assert (drive.newest - START) // MINUTE == 76
    (found,) = drive.findings.values()
    assert found.state is FindingState.OPEN


@pytest.mark.parametrize(
    ("rate", "stuck"),
    [
        pytest.param(0.0, False, id="consumer at rest"),
        pytest.param(49.0, False, id="49 kW: under 1 % of 5,000, the noise of an instrument"),
        pytest.param(51.0, True, id="51 kW"),
    ],
)
def test_a_counter_at_rest_is_stuck_only_if_its_consumer_runs(rate: float, *, stuck: bool) -> None:
    total = counter(TIME, "1000", 2400)
    total[30] -= 0.1  # so that it shows how fine it counts
    total[60:] = total[60]
    power = np.full(len(TIME), 2400.0)
    power[60:] = rate
    drive = driven(running(START, END, E_total=total, E_rate=power))
    assert [f.rule for f in drive.findings.values()] == (["EN-STUCK"] if stuck else [])


def test_without_a_rate_of_its_own_the_production_tells() -> None:
    heat = counter(TIME, "100", 1.2)
    heat[60:] = heat[60]
    assert one(driven(running(START, END, S_total=heat))) == ("EN-STUCK", "S", 60, None)
    made = counter(TIME, "50", 1.0, digits=4)
    made[60:] = made[60]
    assert not driven(
        running(
            START, END, S_total=heat, P_total=made, E_rate=np.zeros(len(TIME)), E_total=np.full(len(TIME), 5.0)
        )
    ).findings, "all at rest"


def test_after_a_rest_it_is_stuck_since_the_consumer_runs_again() -> None:
    # From minute 60 to 100 nothing runs; then the power comes back, but the counter stays.
    total = counter(TIME, "1000", 2400)
    total[60:] = total[60]
    power = np.full(len(TIME), 2400.0)
    power[60:101] = 0
    rule, subject, start, end = one(driven(running(START, END, E_total=total, E_rate=power)))
    assert (rule, subject, end) == ("EN-STUCK", "E", None)
    # In both halves of 15 minutes above 1 %: soon after minute 100, when the first half holds a little of it.
    assert 92 <= start <= 100


def test_coarse_counters_are_neither_stuck_nor_jumping_between_their_steps() -> None:
    # Whole thousands at 2,400 an hour: 25 minutes between two steps, longer than a fine counter may stand. The
    # first step comes after five minutes: before it nobody can know.
    total = np.floor(counter(TIME, "1800", 2400) / 1000) * 1000
    drive = driven(running(START, END, E_total=total))
    assert {f.rule for f in drive.findings.values()} <= {"EN-LIMIT"}
