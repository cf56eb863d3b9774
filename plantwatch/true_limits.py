"""What a simulated plant must know to tell in which hours a tonne truly cost more than its standard allows."""

from datetime import date
from decimal import Decimal

from analytics.energy.standards import EnergyData
from analytics.energy.verdict import in_force
from plant.model import Direction, EnergyMeter, MeterKind, Plant, Product
from plant.units import factor
from simulators.true_energy import ProductLimit


def product_limits(plant: Plant, data: EnergyData, day: date) -> tuple[ProductLimit, ...]:
    """The products with a plain limit on ``day``: one number, and counters only.

    Raises:
        FixError: a standard, row, coefficient set or carrier that the plant file names is not among the data.
    """
    data.check(plant)
    return tuple(limit for p in plant.products if (limit := _limit(plant, p, data, day)) is not None)


def _limit(plant: Plant, product: Product, data: EnergyData, day: date) -> ProductLimit | None:
    standard, row = data.row(product.limit)
    meters = [plant.meter[m] for m in product.meters]
    plain = row.limit is not None and not standard.corrections and in_force(standard, day)
    if row.limit is None or not plain or any(m.kind is MeterKind.RATE for m in (*meters, product.production)):
        return None
    return ProductLimit(
        product.id,
        {m.id: _kgce(plant, m, data, product.coefficients) for m in meters},
        product.production.id,
        factor(plant.points[product.production.point].unit, "t"),
        row.limit.value,
    )


def _kgce(plant: Plant, meter: EnergyMeter, data: EnergyData, coefficients: str) -> Decimal:
    coefficient = data.coefficients(coefficients).by_carrier[meter.carrier]
    sign = -1 if meter.direction is Direction.OUT else 1
    return sign * coefficient.kgce * factor(plant.points[meter.point].unit, coefficient.unit)
