"""When a cron expression comes, in a time zone, daylight saving time included.

Jobs at fixed hours follow the wall clock: in the hour that spring skips they run right after
it, in the hour that autumn repeats they run once. Expressions with `*` in minute or hour run
by elapsed time, so `*/10 * * * *` has no hole and nothing doubled (Debian's rules).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from millrace.core.errors import InvalidInput

MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
FIELDS = "minute, hour, day of month, month and day of week"


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its IANA name.

    Errors: invalid_input, no such zone.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        from difflib import get_close_matches

        near = get_close_matches(name, available_timezones(), 3)
        hint = f"Did you mean {', '.join(near)}?" if near else "Write one such as 'Europe/Berlin'."
        raise InvalidInput(f"'{name[:60]}' is no time zone.", hint, field="zone") from error


def times(cron: str, zone: str, after: float) -> Iterator[float]:
    """Give every time after `after` at which the expression comes [s since 1970].

    Errors: invalid_input, it cannot be read, or never comes.
    """
    at = datetime.fromtimestamp(after, zone_of(zone))
    found = _parsed(cron, at)
    for moment in found:
        yield moment.timestamp()


def following(cron: str, zone: str, after: float) -> float:
    """Return the first time after `after` [s since 1970].

    Errors: invalid_input, it cannot be read, or never comes.
    """
    for at in times(cron, zone, after):
        return at
    raise InvalidInput(f"'{cron}' never comes.", "No such day is in the calendar.", field="cron")


def words(cron: str, zone: str) -> str:
    """Say the expression in English."""
    return f"{_parsed(cron, datetime.now(UTC)).explain()}, {zone} time"


def local(at: float, zone: str) -> str:
    """Return a time as a clock in the zone shows it, with its distance from UTC."""
    return datetime.fromtimestamp(at, zone_of(zone)).isoformat(timespec="seconds")


def _parsed(cron: str, start: datetime) -> CronSim:
    plain = MACROS.get(cron.strip().lower(), cron.strip())
    if plain.startswith("@"):
        raise InvalidInput(
            f"'{cron[:60]}' is no time.", f"Write one of {', '.join(sorted(MACROS))}.", field="cron"
        )
    if len(plain.split()) != 5:
        raise InvalidInput(
            f"'{cron[:60]}' has {len(plain.split())} parts.",
            f"A cron expression has five: {FIELDS}; such as '0 9 * * 1-5'.",
            field="cron",
        )
    try:
        return CronSim(plain, start)
    except CronSimError as error:
        raise InvalidInput(
            f"'{cron[:60]}' is no cron expression: {str(error).lower()}.",
            f"Its parts are {FIELDS}; such as '0 9 * * 1-5'.",
            field="cron",
        ) from error
