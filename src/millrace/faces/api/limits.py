"""Token buckets: how fast one caller may ask, and how often a sign-in may fail."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field

from millrace.core.errors import LimitReached

KEPT = 4096  # callers remembered; the one silent for longest is forgotten first
FAILURES = 10  # wrong sign-ins at once from one address
FAILURES_RATE = 1 / 6  # after that, one every six seconds [1/s]
BURST = 5.0  # what may be asked at once: this long a time of the rate [s]


@dataclass
class Bucket:
    """What one caller has left."""

    left: float
    at: float


class Buckets:
    """A bucket per caller, filled at a rate up to a size; rate 0 limits nothing."""

    def __init__(self, rate: float, size: float) -> None:
        self.rate = rate
        self.size = size
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, who: str, now: float | None = None) -> float:
        """Take one from a caller's bucket; return how long to wait when it is empty [s]."""
        if self.rate <= 0:
            return 0.0
        bucket = self._filled(who, time.monotonic() if now is None else now)
        if bucket.left < 1:
            return (1 - bucket.left) / self.rate
        bucket.left -= 1
        return 0.0

    def wait(self, who: str, now: float | None = None) -> float:
        """Return how long a caller has to wait, taking nothing [s]."""
        if self.rate <= 0:
            return 0.0
        bucket = self._filled(who, time.monotonic() if now is None else now)
        return max(0.0, (1 - bucket.left) / self.rate)

    def _filled(self, who: str, now: float) -> Bucket:
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = self._buckets[who] = Bucket(self.size, now)
            if len(self._buckets) > KEPT:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(who)
            bucket.left = min(self.size, bucket.left + (now - bucket.at) * self.rate)
            bucket.at = now
        return bucket


def calls(rate: float) -> Buckets:
    """Return the buckets of callers of the API."""
    return Buckets(rate, max(1.0, rate * BURST))


def failures() -> Buckets:
    """Return the buckets of wrong sign-ins."""
    return Buckets(FAILURES_RATE, FAILURES)


@dataclass
class Bounds:
    """How fast callers may ask, and where nobody counts."""

    calls: Buckets = field(default_factory=lambda: calls(0))
    failures: Buckets = field(default_factory=failures)
    uncounted: tuple[str, ...] = ()  # prefixes of mounts, which have limits of their own


def too_fast(rate: float, wait: float) -> LimitReached:
    """Return the error of a caller who asks more often than the setting allows."""
    return LimitReached(
        f"More than {rate:g} requests came per second.",
        "Wait as long as Retry-After says, or raise the setting 'rate_limit'.",
        retry_after=max(1, round(wait + 0.5)),
    )


def too_often(wait: float) -> LimitReached:
    """Return the error of a caller whose sign-ins failed too often."""
    return LimitReached(
        "Too many sign-ins with a wrong token came from this address.",
        "Wait as long as Retry-After says, then take the address that 'millrace up' printed.",
        retry_after=max(1, round(wait + 0.5)),
    )
