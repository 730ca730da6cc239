"""Compose samples/tickets.csv from the hand-written phrases; the same bytes every time.

Run: python samples/make_tickets.py [FILE]
Random: seeded, standard library only.
"""

import csv
import io
import random
import sys
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = 20260301
# Messages joined from a context and a question, beside the ones written whole.
COMPOSED = {
    "order_status": 44,
    "return_item": 32,
    "refund_status": 28,
    "damaged_item": 24,
    "account_access": 26,
    "payment_failed": 22,
    "product_question": 20,
    "delivery_change": 16,
    "cancel_order": 14,
    "promo_code": 10,
    "wrong_item": 10,
    "invoice_request": 8,
}
NEAR_COPIES = 32
EXACT_COPIES = 8
WRONG_LABELS = 20
CITIES = {
    "en": ["Leeds", "Graz", "Utrecht", "Porto", "Galway", "Tallinn"],
    "ru": ["Тверь", "Казань", "Омск", "Алматы", "Рига", "Самара"],
}
# What a hurried agent clicks instead: the neighbour in meaning, never a random class.
CONFUSED = {
    "order_status": "delivery_change",
    "return_item": "refund_status",
    "refund_status": "return_item",
    "damaged_item": "product_question",
    "delivery_change": "order_status",
    "cancel_order": "return_item",
    "wrong_item": "damaged_item",
    "payment_failed": "account_access",
    "account_access": "payment_failed",
    "promo_code": "payment_failed",
    "product_question": "order_status",
    "invoice_request": "payment_failed",
}
HIGH = {"damaged_item": 0.35, "payment_failed": 0.45, "account_access": 0.4, "cancel_order": 0.3}

Row = dict[str, str]
Phrases = dict[str, list[tuple[str, str]]]


def read_phrases() -> Phrases:
    """Read the sections of phrases.txt as lists of (language, text)."""
    sections: Phrases = {}
    current = ""
    for line in (HERE / "phrases.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = line.strip("[]")
            sections[current] = []
        elif "|" in line and not line.startswith("#"):
            language, text = line.split("|", 1)
            sections[current].append((language, text))
    return sections


def fill(text: str, language: str, rng: random.Random) -> str:
    """Put an order number, a sum, a city or a code where the phrase asks for one."""
    amount = f"{rng.randint(5, 180)},{rng.choice(['00', '50', '90', '95'])}"
    return (
        text.replace("{order}", f"#{rng.randint(104000, 139999)}")
        .replace("{sum}", f"{amount} €" if rng.random() < 0.7 else f"EUR {amount}")
        .replace("{city}", rng.choice(CITIES[language]))
        .replace("{code}", rng.choice(["HOME10", "E-4012", "SPRING26", "KITCHEN15", "P-77"]))
    )


def dress(text: str, language: str, phrases: Phrases, rng: random.Random) -> str:
    """Add an opening or a closing to some messages, as people do."""
    if rng.random() < 0.28:
        text = f"{pick(phrases['openings'], language, rng)} {text}"
    if rng.random() < 0.22:
        text = f"{text} {pick(phrases['closings'], language, rng)}"
    return text


def pick(options: list[tuple[str, str]], language: str, rng: random.Random) -> str:
    """Choose one fragment of the language."""
    return rng.choice([text for known, text in options if known == language])


def compose(phrases: Phrases, rng: random.Random) -> list[Row]:
    """Use every phrase once, and join some contexts with questions."""
    rows: list[Row] = []
    for intent in CONFUSED:
        for language, text in phrases[intent]:
            filled = dress(fill(text, language, rng), language, phrases, rng)
            rows.append({"text": filled, "intent": intent, "language": language})
    for intent, count in COMPOSED.items():
        pairs = [
            (language, f"{context} {ask}")
            for language, context in phrases[f"{intent}:context"]
            for other, ask in phrases[f"{intent}:ask"]
            if other == language
        ]
        for language, text in rng.sample(pairs, count):
            filled = dress(fill(text, language, rng), language, phrases, rng)
            rows.append({"text": filled, "intent": intent, "language": language})
    return rows


def vary(row: Row, kind: int, rng: random.Random) -> str:
    """Return the message as its author would send it a second time, in one of four ways."""
    text = row["text"]
    again = {"en": "Hello again. ", "ru": "Пишу повторно. "}[row["language"]]
    if kind == 0:
        return again + text
    if kind == 1:
        return text.rstrip(".!?") + "!!"
    if kind == 2:
        return text.lower().replace(",", "")
    words = text.split(" ")
    spot = rng.randrange(len(words))
    word = words[spot]
    words[spot] = word[:1] + word[2:3] + word[1:2] + word[3:]
    return " ".join(words)


def stamp(rng: random.Random) -> datetime:
    """Return a time between March and August 2026, mostly in waking hours."""
    day = datetime(2026, 3, 1) + timedelta(days=rng.randrange(184))
    hour = min(23, max(0, round(rng.gauss(14, 4.5))))
    return day.replace(hour=hour, minute=rng.randrange(60), second=rng.randrange(60))


def finish(row: Row, rng: random.Random) -> Row:
    """Add when it came, by which channel, and how urgent the desk thought it was."""
    row["created_at"] = stamp(rng).isoformat()
    short = len(row["text"]) < 60
    row["channel"] = rng.choices(["email", "chat", "app"], [2, 4, 3] if short else [6, 2, 2])[0]
    roll = rng.random()
    high = HIGH.get(row["intent"], 0.1)
    row["priority"] = "high" if roll < high else "normal" if roll < 0.8 else "low"
    if rng.random() < 0.06:
        row["priority"] = ""
    return row


def later(row: Row, text: str, rng: random.Random) -> Row:
    """Return a repeat of a row, sent up to three days afterwards."""
    at = datetime.fromisoformat(row["created_at"]) + timedelta(minutes=rng.randint(3, 4320))
    return {**row, "text": text, "created_at": at.isoformat()}


def build() -> tuple[list[Row], list[str]]:
    """Return all rows in order of time, and the ids whose intent is wrong on purpose."""
    rng = random.Random(SEED)
    phrases = read_phrases()
    rows = [finish(row, rng) for row in compose(phrases, rng)]
    long_enough = [row for row in rows if len(row["text"]) > 45]
    copied = rng.sample(long_enough, NEAR_COPIES + EXACT_COPIES)
    near = list(enumerate(copied[EXACT_COPIES:]))
    repeats = [later(row, vary(row, place % 4, rng), rng) for place, row in near]
    repeats += [later(row, row["text"], rng) for row in copied[:EXACT_COPIES]]
    alone = [row for row in rows if all(row is not other for other in copied)]
    for row in rng.sample(alone, WRONG_LABELS):
        row["wrong"] = "yes"
        row["intent"] = CONFUSED[row["intent"]]
    rows = sorted(rows + repeats, key=lambda row: (row["created_at"], row["text"]))
    for number, row in enumerate(rows, 1):
        row["id"] = f"T{number:04d}"
    return rows, [row["id"] for row in rows if "wrong" in row]


def render(rows: list[Row]) -> bytes:
    """Write the rows as UTF-8 CSV with Unix line ends."""
    out = io.StringIO()
    columns = ["id", "created_at", "channel", "priority", "text", "intent"]
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")


def main() -> None:
    """Write the file and print the ids of the wrong labels."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "tickets.csv"
    rows, wrong = build()
    target.write_bytes(render(rows))
    print(f"{len(rows)} rows, wrong labels: {' '.join(wrong)}")


if __name__ == "__main__":
    main()
