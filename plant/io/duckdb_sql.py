"""The SQL of the embedded historian, each text with what it means."""

from plant.ports import Aggregate

TABLES = """
CREATE TABLE IF NOT EXISTS point (code INTEGER NOT NULL, name VARCHAR NOT NULL, expired BIGINT NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS reading (
    point INTEGER NOT NULL, time BIGINT NOT NULL, class UTINYINT NOT NULL,
    value DOUBLE NOT NULL, status UINTEGER NOT NULL, text VARCHAR);
"""
"""No primary key: its index would live in memory and slow every append. ``STORED`` finds repeats instead."""

SUMMARY = "SELECT point, count(*), max(time) FROM reading GROUP BY point"
"""Rows and newest time [ns UTC] of each point."""

STORED = """
SELECT i.row, r.status = i.status AND r.value = i.value AND r.text IS NOT DISTINCT FROM i.text AS same
FROM suspect i JOIN reading r ON r.point = i.point AND r.time = i.time AND r.class = i.class
WHERE r.time BETWEEN $low AND $high
"""
"""Which incoming rows have their key stored already, and whether nothing about them changed (NaN equals NaN)."""

REPLACE = """
DELETE FROM reading USING changed i
WHERE reading.point = i.point AND reading.time = i.time AND reading.class = i.class
  AND reading.time BETWEEN $low AND $high
"""
"""Take away the rows that come again with another value; the time range lets DuckDB skip the rest of the file."""

NAME = "INSERT INTO point (code, name) SELECT code, name FROM fresh"
"""Add points to the dictionary: as a table, because one statement a name takes 20 times as long."""

APPEND = "INSERT INTO reading SELECT point, time, class, value, status, text FROM incoming"

READ = """
SELECT point, time, value, status, text FROM reading
WHERE point IN (SELECT unnest($points::INTEGER[])) AND time >= $start AND time < $end
"""

EXPIRE = """
UPDATE point SET expired = expired + old.rows
FROM (SELECT point, count(*) AS rows FROM reading WHERE time < $before GROUP BY point) old WHERE code = old.point
"""
"""Note for each point how many rows retention is about to delete, so that each stored row stays accounted for."""

RETAIN = "DELETE FROM reading WHERE time < $before"

_GOOD = """
WITH good AS (
    SELECT time, value FROM reading
    WHERE point = $point AND time >= $from AND time < $end AND status >> 30 = 0 AND NOT isnan(value)
)"""

FORCE = """
SELECT max(time) FROM reading
WHERE point = $point AND time >= $since AND time < $start AND status >> 30 = 0 AND NOT isnan(value)
"""
"""Time [ns UTC] of the value in force when the first window starts."""

_PLAIN = (
    _GOOD
    + """
SELECT (time - $start) // $window AS slot, {} AS result FROM good WHERE time >= $start GROUP BY slot
"""
)

_STEPS = _GOOD + (  # noqa: S608 - constant texts only; values travel as parameters
    """, step AS (
    SELECT time, value, lag(value) OVER o AS before, lag(time) OVER o AS before_time, lead(time) OVER o AS next,
        (time - $start) // $window AS slot, $start + slot * $window AS opens,
        least($end, $start + (slot + 1) * $window) AS closes
    FROM good WINDOW o AS (ORDER BY time)
), held AS (
    SELECT *, least(coalesce(next, closes), closes) - time AS after,
        CASE WHEN before_time < opens THEN time - opens ELSE 0 END AS carried
    FROM step WHERE time >= $start
)
SELECT slot, {} AS result FROM held GROUP BY slot
"""
)

_TIME_WEIGHTED = """
(sum(value * after::DOUBLE) + sum(coalesce(before, 0) * carried::DOUBLE))
/ (sum(after::DOUBLE) + sum(carried::DOUBLE))
"""

AGGREGATES: dict[Aggregate, str] = {
    Aggregate.MEAN: _PLAIN.format("avg(value)"),
    Aggregate.MIN: _PLAIN.format("min(value)"),
    Aggregate.MAX: _PLAIN.format("max(value)"),
    Aggregate.LAST: _PLAIN.format("arg_max(value, time)"),
    Aggregate.COUNT: _PLAIN.format("count(*)::DOUBLE"),
    Aggregate.INCREASE: _STEPS.format("coalesce(sum(greatest(value - before, 0)), 0)"),
    Aggregate.TIME_WEIGHTED_MEAN: _STEPS.format(_TIME_WEIGHTED),
}
"""One row for each window that holds a Good value. A value held over a window's edge counts in both parts."""
