"""Everything about limits and standard coal that an engine may use: the packaged data and a user's own.

The parts: ``limit_standard`` (one edition), ``coefficients`` (one coefficient set), ``catalogue`` (their files),
``in_force`` (which edition on which day), ``corrections`` and ``limits`` (values that depend on inputs).
"""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from analytics.energy.catalogue import PackagedStandards, own_files, packaged_coefficients, read_own
from analytics.energy.coefficients import Coefficient, CoefficientSet, why_missing
from analytics.energy.limit_standard import Grade, LimitStandard, StandardRow
from plant.errors import FixError
from plant.model import LimitRow, Plant, Product

__all__ = ["Coefficient", "CoefficientSet", "EnergyData", "Grade", "LimitStandard", "StandardRow"]


@dataclass(frozen=True, slots=True)
class EnergyData:
    """All standards and coefficient sets that an engine may use, by number with edition."""

    standards: Mapping[str, LimitStandard]
    coefficient_sets: Mapping[str, CoefficientSet]
    own: Mapping[str, Path] = field(default_factory=dict)
    """File of each number that is a user's own: it adds an edition, or stands in the place of a packaged one."""

    @classmethod
    def packaged(cls) -> Self:
        """What comes with plantwatch.

        Raises:
            PlantFileError: a packaged file is damaged.
        """
        return cls(PackagedStandards(), packaged_coefficients())

    @classmethod
    def with_own(cls, folder: Path | None) -> Self:
        """What comes with plantwatch, and the files of a folder: one of the same number stands in its place.

        Raises:
            PlantFileError: everything that is wrong with the user's files.
            FixError: the folder or a file cannot be read.
        """
        packaged = cls.packaged()
        if folder is None:
            return packaged
        read = read_own(own_files(folder))
        standards = {s.number: s for s in read.values() if isinstance(s, LimitStandard)}
        sets = {s.number: s for s in read.values() if isinstance(s, CoefficientSet)}
        return cls(
            # Layered and not copied: packaged files stay unread until they are asked for. It is only ever read.
            ChainMap(standards, packaged.standards),  # type: ignore[arg-type]
            {**packaged.coefficient_sets, **sets},
            {s.number: path for path, s in read.items()},
        )

    def row(self, wanted: LimitRow) -> tuple[LimitStandard, StandardRow]:
        """The edition and row that a plant file names.

        Raises:
            FixError: not among the data; the text lists what is.
        """
        standard = self.standards.get(wanted.standard)
        if standard is None:
            raise FixError(
                f"no values for standard {wanted.standard!r}; known: {', '.join(sorted(self.standards))}"
            )
        row = standard.row(wanted.row)
        if row is None:
            keys = ", ".join(r.key for r in standard.rows) or "none: no source at hand gives its values"
            raise FixError(f"{wanted.standard} has no row {wanted.row!r}; it has {keys}")
        return standard, row

    def coefficients(self, number: str) -> CoefficientSet:
        """A coefficient set by its number with edition.

        Raises:
            FixError: not among the data.
        """
        found = self.coefficient_sets.get(number)
        if found is None:
            raise FixError(f"no coefficient set {number!r}; known: {', '.join(sorted(self.coefficient_sets))}")
        return found

    def check(self, plant: Plant) -> None:
        """Everything that the plant's products ask for is there.

        Raises:
            FixError: a standard, row, coefficient set or carrier is missing, or a limit is in another unit.
        """
        for product in plant.products:
            self._check_row(product)
            coefficients = self.coefficients(product.coefficients)
            for meter in product.meters:
                carrier = plant.meter[meter].carrier
                if carrier not in coefficients.by_carrier:
                    raise FixError(f"meter {meter} of product {product.id}: {why_missing(coefficients, carrier)}")

    def _check_row(self, product: Product) -> None:
        """The live account is in kgce/t: a value in another unit would be compared with the wrong number."""
        _, row = self.row(product.limit)
        if row.unit != "kgce/t":
            raise FixError(f"product {product.id}: {row.key} is in {row.unit}; the live account is in kgce/t")
