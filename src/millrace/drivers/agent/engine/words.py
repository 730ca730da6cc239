"""Text into words: cleaned, cut, split, and brought to a rough stem."""

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 4000  # characters read
MOST = 400  # words read
WORD = re.compile(r"[^\W_]+(?:[-_.'][^\W_]+)*(?:@[^\W_]+)?", re.UNICODE)
QUOTED = re.compile(
    r"\"([^\"]{1,500})\"|'([^']{1,500})'(?!\w)|«([^»]{1,500})»|“([^”]{1,500})”|`([^`]{1,500})`"
)
ENGLISH = (
    "ations",
    "ation",
    "ings",
    "ing",
    "ies",
    "ied",
    "ers",
    "er",
    "est",
    "ed",
    "es",
    "ly",
    "s",
)
RUSSIAN = (
    *("иями", "ями", "ами", "ого", "его", "ому", "ему", "ыми", "ими", "ать", "ять", "ить", "еть"),
    *("ешь", "ишь", "ете", "ите", "йте", "ние", "ния", "нию", "ует", "уют", "ает", "ают", "ять"),
    *("ах", "ях", "ов", "ев", "ей", "ой", "ый", "ий", "ая", "яя", "ое", "ее", "ые", "ие", "ую"),
    *("юю", "ом", "ем", "ам", "ям", "ть", "ся", "сь", "ай", "уй", "а", "я", "о", "е", "ы", "и"),
    *("у", "ю", "ь", "й"),
)
STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "for",
        "with",
        "and",
        "or",
        "is",
        "are",
        "be",
        "was",
        "i",
        "me",
        "my",
        "we",
        "you",
        "your",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "please",
        "can",
        "could",
        "would",
        "should",
        "do",
        "does",
        "did",
        "want",
        "need",
        "let",
        "lets",
        "s",
        "t",
        "how",
        "what",
        "which",
        "from",
        "by",
        "at",
        "as",
        "into",
        "all",
        "any",
        "some",
        "there",
        "then",
        "than",
        "so",
        "if",
        "has",
        "have",
        "had",
        "am",
        "us",
        "our",
        "new",
        "now",
        "и",
        "в",
        "во",
        "на",
        "с",
        "со",
        "к",
        "ко",
        "по",
        "за",
        "из",
        "от",
        "до",
        "для",
        "о",
        "об",
        "у",
        "же",
        "бы",
        "ли",
        "не",
        "что",
        "как",
        "это",
        "эта",
        "этот",
        "эти",
        "мне",
        "мой",
        "моя",
        "мои",
        "я",
        "мы",
        "ты",
        "вы",
        "пожалуйста",
        "нужно",
        "надо",
        "хочу",
        "можно",
        "все",
        "всё",
        "там",
        "тут",
        "где",
        "его",
        "её",
        "их",
        "или",
        "а",
        "но",
    ]
)


@dataclass(frozen=True)
class Word:
    """One word with its place in the text."""

    text: str
    stem: str
    start: int
    end: int


@dataclass(frozen=True)
class Quote:
    """Something in quotation marks."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Said:
    """A text as it is understood."""

    text: str
    words: list[Word]
    quotes: list[Quote]
    language: str
    notes: list[str]

    def words_in(self, start: int, end: int) -> list[Word]:
        """Return the words that lie in a span."""
        return [word for word in self.words if word.start >= start and word.end <= end]

    def before(self, start: int, count: int = 2) -> list[str]:
        """Return the few words before a place, in lower case."""
        found = [word.text.casefold() for word in self.words if word.end <= start]
        return found[-count:]


def read(raw: str) -> Said:
    """Clean and split a text; only its first 4,000 characters are read."""
    notes: list[str] = []
    if len(raw) > LONGEST:
        notes.append(f"The text was cut at {LONGEST:,} characters.")
    text = unicodedata.normalize("NFC", raw[:LONGEST])
    text = "".join(letter if _shown(letter) else " " for letter in text)
    text = re.sub(r"\s+", " ", text).strip()
    words = [
        Word(found.group(), stem(found.group()), found.start(), found.end())
        for found in WORD.finditer(text)
    ][:MOST]
    quotes = [
        Quote(next(part for part in found.groups() if part is not None), *found.span())
        for found in QUOTED.finditer(text)
    ]
    letters = [letter for letter in text if letter.isalpha()]
    russian = sum("а" <= letter.casefold() <= "я" or letter in "ёЁ" for letter in letters)
    return Said(text, words, quotes, "ru" if 3 * russian > len(letters) else "en", notes)


def _shown(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def stem(word: str) -> str:
    """Return a rough stem: the word in lower case without one usual ending."""
    low = word.casefold().replace("ё", "е")
    endings = RUSSIAN if re.search("[а-я]", low) else ENGLISH
    for ending in endings:
        if low.endswith(ending) and len(low) - len(ending) >= 3:
            return low[: -len(ending)]
    return low
