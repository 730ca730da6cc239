"""Which op a text asks for: patterns of word beginnings, names, and a BM25-like search.

Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009.
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from millrace.drivers.agent.engine import phrases
from millrace.drivers.agent.engine.words import STOP, Said, Word, stem

K1, B = 1.2, 0.75
WHOLE = 3  # alternatives this short must be the whole word [characters]
EXACT = 3.0  # the op's own name stands in the text
NAMED = {"en": "the text names '{name}'", "ru": "в тексте названа операция '{name}'"}


@dataclass(frozen=True)
class Doc:
    """What can be read of an op."""

    name: str
    summary: str
    doc: str
    fields: str
    ports: frozenset[str]
    needs: frozenset[str]


@dataclass
class Hit:
    """An op with its score and the reasons for it."""

    name: str
    score: float
    why: list[str] = field(default_factory=list[str])


def fits(alternative: str, word: Word) -> bool:
    """Say whether a word begins as an alternative does (a short one must be the word)."""
    low = word.text.casefold().replace("ё", "е")
    alternative = alternative.replace("ё", "е")
    if alternative.endswith("$"):
        return low == alternative[:-1]
    if len(alternative) <= WHOLE:
        return low == alternative
    return low.startswith(alternative)


def match(pattern: tuple[tuple[str, ...], ...], words: list[Word]) -> list[list[Word]]:
    """Return the words that fit each part, if every part has a word of its own; else nothing."""
    found = [[word for word in words if any(fits(one, word) for one in part)] for part in pattern]
    if not all(found):
        return []
    return found if _own_words(found, frozenset()) else []


def _own_words(found: list[list[Word]], taken: frozenset[int]) -> bool:
    if not found:
        return True
    return any(
        _own_words(found[1:], taken | {word.start}) for word in found[0] if word.start not in taken
    )


class Ranking:
    """Every op, ready to be searched."""

    def __init__(self, docs: list[Doc]) -> None:
        self.docs = docs
        self._texts = {doc.name: self._bag(doc) for doc in docs}
        self._mean = sum(sum(bag.values()) for bag in self._texts.values()) / max(len(docs), 1)
        self._rare: dict[str, float] = {}

    def _bag(self, doc: Doc) -> Counter[str]:
        bag: Counter[str] = Counter()
        for text, weight in (
            (doc.name.replace(".", " ").replace("_", " "), 6),
            *((doc.summary, 3), (doc.doc, 1), (doc.fields, 1)),
        ):
            for word in text.split():
                low = stem(word.strip(".,:;()'\"`[]<>|"))
                if low and low not in STOP:
                    bag[low] += weight
        return bag

    @cached_property
    def _holders(self) -> Counter[str]:
        return Counter(word for bag in self._texts.values() for word in bag)

    def rank(self, said: Said, words: list[Word], kinds: frozenset[str]) -> list[Hit]:
        """Return every op, the best first; `words` are those that name nothing.

        `kinds` are the kinds of things the text names: an op that takes them fits better.
        """
        content = [word for word in words if word.text.casefold() not in STOP]
        mass = sum(self.rarity(word) for word in content) or 1.0
        hits = [self._hit(doc, said, words, content, mass, kinds) for doc in self.docs]
        return sorted(hits, key=lambda hit: (-hit.score, hit.name))

    def rarity(self, word: Word) -> float:
        """Return how much a word tells about the op: 1 for one op only, near 0 for all."""
        if word.text not in self._rare:
            among = sum(
                any(
                    fits(one, word)
                    for pattern in phrases.patterns(doc.name)
                    for part in pattern
                    for one in part
                )
                or word.stem in self._texts[doc.name]
                for doc in self.docs
            )
            n = len(self.docs) + 1
            self._rare[word.text] = math.log(n / max(among, 1)) / math.log(n)
            if not among:
                self._rare[word.text] = 0.5
        return self._rare[word.text]

    def _hit(
        self,
        doc: Doc,
        said: Said,
        words: list[Word],
        content: list[Word],
        mass: float,
        kinds: frozenset[str],
    ) -> Hit:
        hit = Hit(doc.name, 0.0)
        asked, covered = self._patterns(doc, words, hit, said.language)
        searched = self._search(doc, content)
        known = {word.start for word in content if word.stem in self._texts[doc.name]} | covered
        coverage = sum(self.rarity(word) for word in content if word.start in known) / mass
        group = phrases.nouns(doc.name.split(".", 1)[0])
        named = any(fits(one, word) for one in group for word in content)
        low = f" {said.text.casefold()} "
        exact = any(
            f" {form} " in low
            for form in (doc.name, doc.name.replace(".", " "), doc.name.replace(".", "_"))
        )
        if exact:
            hit.why.append(NAMED[said.language].format(name=doc.name))
        takes = len(kinds & doc.ports) - 0.5 * len(kinds - doc.ports)
        lacks = len((doc.needs & {"file"}) - kinds)
        hit.score = (
            1.6 * asked
            + 0.5 * searched
            + 0.8 * coverage
            + 0.25 * named
            + EXACT * exact
            + 0.25 * takes
            - 0.25 * lacks
        )
        return hit

    def _patterns(
        self, doc: Doc, words: list[Word], hit: Hit, language: str
    ) -> tuple[float, set[int]]:
        scores: list[float] = []
        covered: set[int] = set()
        best: list[Word] = []
        for pattern in phrases.patterns(doc.name):
            found = match(pattern, words)
            if not found:
                continue
            strongest = [max(part, key=self.rarity) for part in found]
            # A lone part must be telling by itself; several parts support each other.
            score = sum(0.35 + 0.65 * self.rarity(word) for word in strongest)
            if not scores or score > max(scores):
                best = strongest
            scores.append(score)
            covered |= {word.start for part in found for word in part}
        if not scores:
            return 0.0, covered
        told = ", ".join(f"'{word.text}'" for word in sorted(best, key=lambda word: word.start))
        means = "—" if language == "ru" else "means" if len(best) == 1 else "mean"
        hit.why.append(f"{told} {means} '{doc.name}'")
        scores.sort(reverse=True)
        return scores[0] + 0.2 * sum(scores[1:3]), covered

    def _search(self, doc: Doc, content: list[Word]) -> float:
        """Return a BM25 score of the op's own words, brought to about 0..1."""
        bag = self._texts[doc.name]
        size = sum(bag.values())
        total = 0.0
        for word in {word.stem: word for word in content}.values():
            often = bag.get(word.stem, 0)
            if not often:
                continue
            df = self._holders[word.stem]
            idf = math.log(1 + (len(self.docs) - df + 0.5) / (df + 0.5))
            total += idf * often * (K1 + 1) / (often + K1 * (1 - B + B * size / self._mean))
        return total / (total + 6)
