"""Which edition and row of a standard holds on a day, and how that changes within a period.

Dates that no source gives are not guessed. An edition is *known* to be in force from its effective date to its
last day; the effective date of an edition that replaces it also ends it. It *may* be in force from the first of
January of its number's year where its effective date is not known, and after the year before its successor's
where its end is not known. A day on which no edition is known to be in force, and one may be, is *not decidable*.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from analytics.energy.limit_standard import LimitStandard, StandardRow

_DAY = timedelta(days=1)


class Choice(StrEnum):
    """What was found for a day."""

    FOUND = "found"
    NO_ROW = "edition known, but none of its values"
    SEVERAL_ROWS = "several rows of the edition"
    NOT_DECIDABLE = "dates not known"
    SEVERAL_EDITIONS = "several editions at once"
    NOT_YET = "not yet in force"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "no edition known"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When an edition is in force, as far as it is known."""

    may_from: date
    known_from: date
    """``date.max`` where it is not known."""
    known_to: date
    """Last day on which it is known to be in force."""
    may_to: date
    """``date.max`` where no end is known."""

    def known(self, day: date) -> bool:
        """Whether it is known to be in force."""
        return self.known_from <= day <= self.known_to

    def possible(self, day: date) -> bool:
        """Whether it may be in force."""
        return self.may_from <= day <= self.may_to


@dataclass(frozen=True, slots=True)
class Span:
    """What holds from one day to another."""

    first: date
    last: date
    choice: Choice
    reason: str
    standard: LimitStandard | None = None
    row: StandardRow | None = None
    """None unless ``choice`` is FOUND."""


def lifetime(standard: LimitStandard, standards: Mapping[str, LimitStandard]) -> Lifetime:
    """When an edition is in force, with its successors among ``standards`` taken into account."""
    successors = _successors(standard, standards)
    # It ended before its successor began; where that day is not known, at the latest when the successor ended.
    ends = [s.effective_date - _DAY if s.effective_date else lifetime(s, standards).may_to for s in successors]
    if standard.valid_to is not None:
        ends.append(standard.valid_to)
    may_to = known_to = min(ends, default=date.max)
    if standard.valid_to is None and not any(s.effective_date for s in successors):
        years = [s.year for s in successors]
        years += [] if standard.superseded_by is None else [int(standard.superseded_by[-4:])]
        known_to = min([known_to, *(date(y - 1, 12, 31) for y in years)])
    may_from = standard.effective_date or date(standard.year, 1, 1)
    return Lifetime(may_from, standard.effective, known_to, may_to)


def _successors(standard: LimitStandard, standards: Mapping[str, LimitStandard]) -> list[LimitStandard]:
    """Only later editions: a file that names an earlier one would lead in circles."""
    later = (s for s in standards.values() if s.year > standard.year)
    return [s for s in later if standard.number in s.replaces or s.number == standard.superseded_by]


def standing(standard: LimitStandard, day: date, standards: Mapping[str, LimitStandard]) -> Choice:
    """What is known of one edition on a day: FOUND, NOT_YET, WITHDRAWN or NOT_DECIDABLE."""
    life = lifetime(standard, standards)
    if life.known(day):
        return Choice.FOUND
    if life.possible(day):
        return Choice.NOT_DECIDABLE
    return Choice.NOT_YET if day < life.may_from else Choice.WITHDRAWN


def on_day(line: str, day: date, standards: Mapping[str, LimitStandard]) -> Span:
    """The edition and row that hold on a day.

    Args:
        line: a line (``caustic.liquid_30``), or the key of a row of any edition, which stands for its line and is
            preferred where an edition has several rows of it.
        day: in the plant's calendar.
        standards: every edition that there is.
    """
    return spans(line, day, day, standards)[0]


def spans(line: str, first: date, last: date, standards: Mapping[str, LimitStandard]) -> tuple[Span, ...]:
    """What holds from ``first`` to ``last``, both included, cut where it changes; arguments as of ``on_day``."""
    wanted = _Wanted.of(line, standards)
    cuts = {first}
    for life in wanted.lives.values():
        begins = [life.may_from, life.known_from]
        begins += [d + _DAY for d in (life.known_to, life.may_to) if d < date.max]
        cuts |= {d for d in begins if first < d <= last}
    starts = sorted(cuts)
    ends = [d - _DAY for d in starts[1:]] + [last]
    return tuple(_joined(wanted.at(a, b) for a, b in zip(starts, ends, strict=True)))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A line, and the editions that have or cover it."""

    asked: str
    """As asked for: a line, or the key of a row."""
    line: str
    editions: tuple[LimitStandard, ...]
    lives: dict[str, Lifetime]

    @classmethod
    def of(cls, asked: str, standards: Mapping[str, LimitStandard]) -> "_Wanted":
        rows = (r for s in standards.values() for r in s.rows)
        line = next((r.line for r in rows if r.key == asked), asked)
        editions = tuple(s for s in standards.values() if _has(s, line))
        return cls(asked, line, editions, {s.number: lifetime(s, standards) for s in editions})

    def at(self, first: date, last: date) -> Span:
        """What holds on every day from ``first`` to ``last``: nothing changes between them."""
        known = [s for s in self.editions if self.lives[s.number].known(first)]
        possible = [s for s in self.editions if self.lives[s.number].possible(first)]
        numbers = ", ".join(s.number for s in known or possible)
        if len(known) > 1:
            reason = f"{numbers} are all in force: correct their dates"
            return Span(first, last, Choice.SEVERAL_EDITIONS, reason)
        if known:
            return self._row(known[0], first, last)
        if possible:
            reason = f"the dates of {numbers} are not all known: add them with their source in a file of your own"
            return Span(first, last, Choice.NOT_DECIDABLE, reason, possible[0] if len(possible) == 1 else None)
        return self._none(first, last)

    def _row(self, standard: LimitStandard, first: date, last: date) -> Span:
        rows = [r for r in standard.rows if r.line == self.line]
        row = next((r for r in rows if r.key == self.asked), rows[0] if len(rows) == 1 else None)
        if row is not None:
            return Span(first, last, Choice.FOUND, f"{standard.number}, {row.key}", standard, row)
        if rows:
            keys = ", ".join(r.key for r in rows)
            return Span(first, last, Choice.SEVERAL_ROWS, f"{standard.number} has {keys}: name one", standard)
        reason = f"{standard.number} was in force, but no source at hand gives its values for {self.line}"
        return Span(first, last, Choice.NO_ROW, reason, standard)

    def _none(self, first: date, last: date) -> Span:
        later = [life.may_from for life in self.lives.values() if life.may_from > first]
        earlier = [life.may_to for life in self.lives.values() if life.may_to < first]
        if earlier:
            return Span(first, last, Choice.WITHDRAWN, f"every known edition of {self.line} ended before")
        if later:
            reason = f"no edition of {self.line} is known before {min(later)}"
            return Span(first, last, Choice.NOT_YET, reason)
        return Span(first, last, Choice.UNKNOWN, f"no standard at hand has or covers {self.line!r}")


def _has(standard: LimitStandard, line: str) -> bool:
    covered = any(line == c or line.startswith(f"{c}.") for c in standard.covers)
    return covered or any(r.line == line for r in standard.rows)


def _joined(found: Iterable[Span]) -> list[Span]:
    """Neighbours that say the same become one."""
    joined: list[Span] = []
    for span in found:
        if joined and (joined[-1].choice, joined[-1].reason) == (span.choice, span.reason):
            joined[-1] = replace(joined[-1], last=span.last)
        else:
            joined.append(span)
    return joined
