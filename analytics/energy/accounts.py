"""The account of one product in one period: energy by meter, production, unit consumption, coverage.

Comprehensive energy E = sum of quantity times coefficient over the carriers inside the boundary, exported energy
deducted; unit consumption = E / P with P the production of the period (GB/T 2589-2020; formula in our notation).
All sums and the quotient are exact decimals up to the division (28 digits).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from analytics.energy.metering import Amount
from analytics.energy.standards import CoefficientSet
from plant.model import Direction, Meter, MeterKind, Plant, Product
from plant.units import factor, per_hour


@dataclass(frozen=True, slots=True)
class Line:
    """One meter in an account."""

    meter: str
    quantity: Decimal
    """In the coefficient's unit."""
    unit: str
    coefficient: Decimal
    """[kgce per unit]."""
    kgce: Decimal
    """Negative for exported energy."""
    coverage: float


@dataclass(frozen=True, slots=True)
class Account:
    """A product's energy in one period."""

    lines: tuple[Line, ...]
    energy: Decimal
    """[kgce]."""
    production: Decimal
    """[t]."""
    coverage: float
    """Least coverage of any meter that counts here [0..1]."""
    consumption: Decimal | None
    """[kgce/t]; None when not assessable."""
    reason: str
    """Why there is no figure; empty when there is one."""


def account(plant: Plant, product: Product, amounts: Mapping[str, Amount], factors: CoefficientSet) -> Account:
    """The account from what the meters counted, by meter id."""
    lines = tuple(_line(plant, meter, amounts[meter], factors) for meter in product.meters)
    made = amounts[product.production.id]
    production = made.quantity * _to(plant, product.production, "t")
    energy = sum((line.kgce for line in lines), Decimal(0))
    coverage = min([made.coverage, *(line.coverage for line in lines)])
    reason = ""
    if coverage < product.min_coverage:
        worst = min([(made.coverage, product.production.id), *((x.coverage, x.meter) for x in lines)])
        reason = (
            f"data cover {coverage:.1%} of the period, {product.min_coverage:.0%} are needed; least: {worst[1]}"
        )
    elif production <= 0:
        reason = f"production is {production} t"
    return Account(lines, energy, production, coverage, None if reason else energy / production, reason)


def _line(plant: Plant, meter_id: str, counted: Amount, factors: CoefficientSet) -> Line:
    meter = plant.meter[meter_id]
    coefficient = factors.by_carrier[meter.carrier]
    quantity = counted.quantity * _to(plant, meter, coefficient.unit)
    sign = -1 if meter.direction is Direction.OUT else 1
    kgce = sign * quantity * coefficient.kgce
    return Line(meter_id, quantity, coefficient.unit, coefficient.kgce, kgce, counted.coverage)


def _to(plant: Plant, meter: Meter, unit: str) -> Decimal:
    """From the meter's amounts to ``unit``; what a rate meter counts is its unit times hour."""
    own = plant.points[meter.point].unit
    match meter.kind:
        case MeterKind.CUMULATIVE:
            return factor(own, unit)
        case MeterKind.RATE:
            return factor(own, per_hour(unit))
