"""Generate samples/houses.csv, an invented housing market; the same bytes every time.

The process is written down in samples/README.md; a constant there and here must agree.
Run: python samples/make_houses.py [FILE]
Random: seeded, standard library only.
"""

import csv
import io
import random
import sys
from datetime import date, timedelta
from math import exp, log
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = 20260115
ROWS = 1500
# district: share of listings, price level against the city mean (log), distance from the centre
DISTRICTS = {
    "Old Town": (10, 0.38, 0.8),
    "Harbour": (12, 0.22, 1.9),
    "Northgate": (20, -0.05, 4.2),
    "Millfields": (18, -0.12, 5.6),
    "Orchard Hill": (11, 0.15, 6.8),
    "Station Quarter": (15, 0.02, 2.4),
    "Brickworks": (11, -0.28, 7.9),
    "Lakeside": (3, 0.45, 11.5),
}
KINDS = {"flat": (62, 0.0), "terraced": (22, 0.06), "detached": (16, 0.17)}
ENERGY = {"A": 0.07, "B": 0.05, "C": 0.02, "D": 0.0, "E": -0.03, "F": -0.06, "G": -0.10}
HEATING = {"district": 0.02, "gas": 0.0, "heat pump": 0.04, "oil": -0.04}
BASE = log(2600.0)  # price of one square metre
SIZE_POWER = 0.88  # the second hundred square metres cost less than the first
YEARLY_GROWTH = 0.05
NOISE = 0.09
FIRST_DAY = date(2024, 1, 1)
DAYS = 730
COPIES = 9
SQUARE_FEET = 6

Row = dict[str, str]


def chosen(table: dict[str, tuple[float, ...]], rng: random.Random) -> str:
    """Draw a key with the shares in the first place of each value."""
    return rng.choices(list(table), [value[0] for value in table.values()])[0]


def energy_class(built: int, rng: random.Random) -> str:
    """Return the class: newer houses are better, give or take one."""
    place = (2030 - built) / 16 + rng.gauss(0, 0.9)
    return "ABCDEFG"[min(6, max(0, round(place)))]


def one(rng: random.Random) -> Row:
    """Draw one listing."""
    district, kind = chosen(DISTRICTS, rng), chosen(KINDS, rng)
    listed = FIRST_DAY + timedelta(days=rng.randrange(DAYS))
    centre = {"flat": 68, "terraced": 112, "detached": 158}[kind]
    area = max(18.0, rng.lognormvariate(log(centre), 0.28))
    rooms = max(1, round(area / 27 + rng.gauss(0, 0.6)))
    bathrooms = max(1, round(area / 80 + rng.gauss(0, 0.35)))
    built = min(2024, max(1880, round(rng.gauss(1978, 27))))
    energy = energy_class(built, rng)
    heating = rng.choices(list(HEATING), [35, 40, 15, 10])[0]
    _, level, far = DISTRICTS[district]
    distance = max(0.2, rng.gauss(far, 0.18 * far))
    garden = 0.0 if kind == "flat" else max(20.0, rng.lognormvariate(log(260), 0.6))
    renovated = built < 2005 and rng.random() < 0.35
    when = date(rng.randint(max(2006, min(built + 10, 2020)), 2023), rng.randint(1, 12), 1)
    garage = rng.random() < (0.2 if kind == "flat" else 0.65)
    floor = rng.randint(0, 8) if kind == "flat" else None
    value = BASE + SIZE_POWER * log(area)
    value += level + KINDS[kind][1] + ENERGY[energy] + HEATING[heating]
    value += -0.018 * distance + 0.035 * (bathrooms - 1) + 0.04 * garage
    value += 0.05 * log(1 + garden / 100) + 0.07 * renovated
    value += YEARLY_GROWTH * (listed - FIRST_DAY).days / 365
    value += 0.008 * (floor or 0) + (0.10 if built < 1920 and district == "Old Town" else 0)
    price = exp(value + rng.gauss(0, NOISE))
    return {
        "listed_at": listed.isoformat(),
        "district": district,
        "kind": kind,
        "area_m2": f"{area:.1f}",
        "rooms": str(rooms),
        "bathrooms": str(bathrooms),
        "floor": "" if floor is None else str(floor),
        "year_built": str(built),
        "renovated_at": when.isoformat() if renovated else "",
        "energy_class": energy,
        "heating": heating,
        "distance_km": f"{distance:.2f}",
        "garden_m2": f"{garden:.0f}" if garden else "",
        "garage": "yes" if garage else "no",
        "price": str(round(price, -2)).removesuffix(".0"),
    }


def spoil(rows: list[Row], rng: random.Random) -> None:
    """Leave values out and make the mistakes that the README lists."""
    for row in rows:
        if rng.random() < 0.07:
            row["year_built"] = ""
        # Owners of bad houses keep silent about them: missing not at random.
        if rng.random() < (0.25 if row["energy_class"] in "FG" else 0.05):
            row["energy_class"] = ""
        if rng.random() < 0.03:
            row["distance_km"] = ""
        if rng.random() < 0.02:
            row["district"] = row["district"].lower()
    for row in rng.sample(rows, SQUARE_FEET):
        row["area_m2"] = f"{float(row['area_m2']) * 10.764:.1f}"


def render(rows: list[Row]) -> bytes:
    """Write the rows as UTF-8 CSV with Unix line ends."""
    out = io.StringIO()
    columns = ["id", *(name for name in rows[0] if name != "id")]
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")


def build() -> list[Row]:
    """Return all listings in order of date."""
    rng = random.Random(SEED)
    rows = [one(rng) for _ in range(ROWS - COPIES)]
    spoil(rows, rng)
    rows += [dict(row) for row in rng.sample(rows, COPIES)]
    rows.sort(key=lambda row: row["listed_at"])
    for number, row in enumerate(rows, 1):
        row["id"] = f"H{number:04d}"
    return rows


def main() -> None:
    """Write the file."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "houses.csv"
    rows = build()
    target.write_bytes(render(rows))
    print(f"{len(rows)} rows")


if __name__ == "__main__":
    main()
