"""Units that plants write, and exact factors between them (pint, with decimals).

A concentration by volume (ppm) and one by mass (mg/m3) need the molar mass and a reference temperature: such a
conversion is refused here. A limit is stated once, in its own unit, with its source.
"""

from decimal import Decimal
from functools import cache
from typing import Any

import pint

from plant.errors import FixError

_DEFINITIONS = (
    "kgce = 29.307 * megajoule = kilogram_coal_equivalent",  # GB/T 2589-2020: 1 kgce = 29 307 kJ
    "tce = 1000 * kgce",
    "Nm3 = [normal_volume]",  # a cubic metre at 0 degC and 101.325 kPa: not convertible to an actual m3
    "pH = []",
)
_SPELLINGS = {
    "1": "",
    "%": "percent",
    "m3": "m**3",
    "kg/m3": "kg/m**3",
    "mg/m3": "mg/m**3",
    "m3/h": "m**3/hour",
    "m3/min": "m**3/min",
    "t/h": "metric_ton/hour",
    "kg/h": "kg/hour",
    "Nm3/h": "Nm3/hour",
    "t": "metric_ton",
    "kgce/t": "kgce/metric_ton",
    "kA/m2": "kA/m**2",
    "GJ/h": "GJ/hour",
    "°C": "degC",
    "h": "hour",
    "d": "day",
}
_OFFSET = frozenset({"degC", "°C", "degF"})


@cache
def _registry() -> "pint.UnitRegistry[Decimal]":
    registry: pint.UnitRegistry[Decimal] = pint.UnitRegistry(
        non_int_type=Decimal, autoconvert_offset_to_baseunit=False, cache_folder=None
    )
    for line in _DEFINITIONS:
        registry.define(line)
    return registry


@cache
def _unit(text: str) -> Any:  # noqa: ANN401 - pint's unit class depends on its registry
    if len(text) > 32:  # noqa: PLR2004 - the plant file's own bound
        raise FixError(f"unit {text[:32]!r}… is longer than 32 characters")
    try:
        return _registry().Unit(_SPELLINGS.get(text, text))
    except Exception as error:  # pint raises errors of many kinds for text that is no unit
        raise FixError(
            f"unit {text!r} is not known; write for example kW, kWh, GJ, t/h, m3/h, degC, bar, %, 1"
        ) from error


def per_hour(unit: str) -> str:
    """The unit of a rate that makes one ``unit`` in an hour, for example ``kWh`` to ``(kWh)/hour``."""
    return f"({_SPELLINGS.get(unit, unit)})/hour"


def is_unit(text: str) -> bool:
    """Whether a plant file may use this unit."""
    try:
        _unit(text)
    except FixError:
        return False
    return True


def compatible(first: str, second: str) -> bool:
    """Whether values can be converted between the two units; False when one is not known."""
    try:
        return bool(_unit(first).dimensionality == _unit(second).dimensionality)
    except FixError:
        return False


@cache
def factor(from_unit: str, to_unit: str) -> Decimal:
    """What to multiply a value in ``from_unit`` with to have it in ``to_unit``; exact.

    Raises:
        FixError: unknown units, different dimensions, or a temperature scale with an offset.
    """
    if from_unit == to_unit:
        return Decimal(1)
    if _OFFSET & {from_unit, to_unit}:
        raise FixError(f"{from_unit!r} to {to_unit!r} is not a factor: temperature scales have an offset")
    if not compatible(from_unit, to_unit):
        raise _different(from_unit, to_unit)
    quantity = _registry().Quantity(Decimal(1), _unit(from_unit)).to(_unit(to_unit))
    return Decimal(quantity.magnitude).normalize()


def convert(value: float, from_unit: str, to_unit: str) -> float:
    """``value`` in another unit; temperature scales included.

    Raises:
        FixError: as for ``factor``.
    """
    if from_unit == to_unit:
        return value
    if not _OFFSET & {from_unit, to_unit}:
        return value * float(factor(from_unit, to_unit))
    if not compatible(from_unit, to_unit):
        raise _different(from_unit, to_unit)
    exact = Decimal(repr(value))
    return float(_registry().Quantity(exact, _unit(from_unit)).to(_unit(to_unit)).magnitude)


def _different(first: str, second: str) -> FixError:
    text = f"{first!r} cannot be converted to {second!r}: they measure different things"
    if {"ppm", "mg/m3"} == {first, second}:
        text += (
            "; ppm and mg/m3 need the gas and a reference temperature, so state the limit in the detector's unit"
        )
    return FixError(text)
