"""A sentence for people in both languages of the platform, and numbers as people write them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or title, said in both languages."""

    en: str
    zh: str

    def told(self, language: Language) -> str:
        """It in one language."""
        return self.zh if language == "zh" else self.en


def plain(value: float) -> str:
    """A number with the digits that it has, and never with an exponent: 3456870.5, not 3.45687e+06."""
    return f"{Decimal(repr(value)).normalize():f}"
