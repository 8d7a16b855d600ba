"""The vocabulary of the bundled model: finds the concepts that a text names, in English and Chinese."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

_LATIN = re.compile(r"[a-z0-9]")
_UNKNOWN = re.compile(r"[a-z0-9]+|.", re.DOTALL)
_SEPARATORS = re.compile(r"[^\w]+|_+")


def fold(text: str) -> str:
    """Return ``text`` in NFKC and lower case, without accents, separators as single spaces."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).lower())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _SEPARATORS.sub(" ", plain.replace("'", "")).strip()


class ConceptVocabulary:
    """The terms that the model was trained on, each with its concepts.

    ``terms`` maps folded terms to concept ids from 1 (0 is padding). A term without concepts is ignored ("red wine"
    is not red). ``negations`` are words that exclude the term right after them ("not black").
    """

    def __init__(self, concepts: list[str], terms: dict[str, list[int]], negations: list[str]) -> None:
        self.concepts = concepts
        self.terms = terms
        self.negations = frozenset(negations)
        self._longest = max((len(term) for term in terms), default=0)

    @classmethod
    def load(cls, path: Path) -> ConceptVocabulary:
        """Read a vocabulary that ``dump`` wrote."""
        stored = json.loads(path.read_text(encoding="utf-8"))
        return cls(stored["concepts"], stored["terms"], stored["negations"])

    def dump(self, path: Path) -> None:
        """Write the vocabulary as JSON, sorted, so that equal vocabularies are equal files."""
        terms = dict(sorted(self.terms.items()))
        stored = {"concepts": self.concepts, "negations": sorted(self.negations), "terms": terms}
        path.write_text(json.dumps(stored, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

    def find(self, text: str) -> list[int]:
        """Return the ids of the concepts that ``text`` names, each once, in order of appearance.

        The longest term matches, from left to right. Latin terms match whole words only.
        """
        folded, found = fold(text), dict[int, None]()
        position, negated = 0, False
        while position < len(folded):
            term = self._match(folded, position)
            if term in self.negations:
                negated = True
            elif term is not None:
                found.update(dict.fromkeys([] if negated else self.terms[term]))
                negated = False
            elif folded[position] != " ":
                negated = False
            # An unknown word: a run of Latin letters, or one other character.
            position += len(term) if term else len(_UNKNOWN.match(folded, position)[0])  # type: ignore[index]
        return list(found)

    def _match(self, text: str, start: int) -> str | None:
        for length in range(min(self._longest, len(text) - start), 0, -1):
            term = text[start : start + length]
            if (term in self.terms or term in self.negations) and _whole(text, start, start + length):
                return term
        return None


def _whole(text: str, start: int, end: int) -> bool:
    """Return True unless ``text[start:end]`` cuts a Latin word."""
    cut_before = start > 0 and _LATIN.match(text[start - 1]) and _LATIN.match(text[start])
    cut_after = end < len(text) and _LATIN.match(text[end - 1]) and _LATIN.match(text[end])
    return not (cut_before or cut_after)
