"""From data to picture: ticks, positions and short numbers."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LARGEST = 1e150  # beyond it differences and ratios of two values overflow


def drawable(value: float) -> bool:
    """Say whether a value has a place in a plot."""
    return abs(value) <= LARGEST  # false for NaN, too


def finite(values: Iterable[float]) -> list[float]:
    """Return the values that can be drawn."""
    return [float(value) for value in values if drawable(value)]


def span(values: Iterable[float], *, include: Sequence[float] = ()) -> tuple[float, float]:
    """Return the range of the values, widened when it is empty or a point."""
    known = finite([*values, *include])
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    size = max(abs(low), abs(high))
    if high - low <= 1e-12 * size or size < 1 / LARGEST:
        pad = size / 2 if size >= 1 / LARGEST else 0.5
        return low - pad, high + pad
    return low, high


def step(low: float, high: float, count: int = 5) -> float:
    """Return the round distance (1, 2 or 5 times a power of ten) nearest to count steps."""
    raw = (high - low) / max(count, 1)
    if not math.isfinite(raw) or raw <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    return power * min((1, 2, 5, 10), key=lambda factor: abs(factor * power - raw))


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round values inside [low, high], at most a few more than `count`."""
    distance = step(low, high, count)
    first = math.ceil(low / distance - 1e-9)
    last = math.floor(high / distance + 1e-9)
    return [round(index * distance, 12) for index in range(first, min(last, first + 50) + 1)]


def number(value: float | int | None, digits: int = 3, *, fixed: bool = False) -> str:
    """Write a number for people: few digits, thousands grouped; zeros at the end if fixed."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "n/a"
    if isinstance(value, int):
        return f"{value:,}"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if size and (size >= 1e9 or size < 10.0**-digits):
        return f"{value:.{max(digits - 1, 1)}g}"
    if size >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.{digits}f}" if size < 100 else f"{value:.1f}"
    return text if fixed or "." not in text else text.rstrip("0").rstrip(".")


def tick_text(value: float, distance: float) -> str:
    """Write a tick with as many digits as its distance to the next needs."""
    if abs(value) >= 1e6 or (value and abs(value) < 1e-4):
        return f"{value:.3g}".replace("e+0", "e").replace("e-0", "e-")
    digits = max(0, -math.floor(math.log10(distance) + 1e-9)) if distance > 0 else 0
    return f"{value:,.{min(digits, 6)}f}"


@dataclass(frozen=True)
class Scale:
    """A linear map from [low, high] to [start, end] of the picture."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the position of a value, kept inside the picture."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(max(share, 0.0), 1.0)
