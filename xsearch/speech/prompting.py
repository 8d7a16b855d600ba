"""The words of the shop as a Whisper prompt: what came before is what the model expects to hear more of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_MAX_CHARACTERS = 40  # of a phrase: brands, categories and colours, not whole titles
_HAN = re.compile(r"[\u3400-\u9fff]")
_NOT_SPOKEN = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Prompt:
    """Phrases, the most frequent last and so nearest to the speech, after what introduces them."""

    language: str
    phrases: tuple[str, ...] = ()

    @property
    def introduction(self) -> str:
        """For Chinese a sentence in simplified characters, which the model then goes on writing."""
        return "以下是简体中文的普通话。" if self.language == "zh" else ""

    @property
    def text(self) -> str:
        """What the model is to believe was said before; empty when there is nothing to say."""
        comma, stop = ("、", "。") if self.language == "zh" else (", ", ".")
        listed = comma.join(self.phrases)
        return self.introduction + (listed + stop if listed else "")

    def within(self, budget: int, count_tokens: Callable[[str], int]) -> Prompt:
        """Return the prompt with its most frequent phrases, as many as fit into ``budget`` tokens."""
        fewest, most = 0, len(self.phrases)
        while fewest < most:
            middle = (fewest + most + 1) // 2
            fits = count_tokens(self._last(middle).text) <= budget
            fewest, most = (middle, most) if fits else (fewest, middle - 1)
        prompt = self._last(fewest)
        return prompt if count_tokens(prompt.text) <= budget else Prompt("")

    def _last(self, count: int) -> Prompt:
        return Prompt(self.language, self.phrases[len(self.phrases) - count :])

    def is_echoed_by(self, text: str) -> bool:
        """Whether ``text`` is nothing but a piece of this prompt, which models say when nobody speaks.

        A customer may name two or three things in the order they have here; four in a row are an echo.
        """
        said, introduction = folded(text), folded(self.introduction)
        if len(said) > 3 and introduction and (said in introduction or introduction in said):
            return True
        prompt = folded("".join(self.phrases))
        start = prompt.find(said) if said else -1
        if start < 0:
            return False
        ends, end = [], 0
        for phrase in self.phrases:
            end += len(folded(phrase))
            ends.append(end)
        return sum(start < end < start + len(said) for end in ends) >= 3


def shop_prompt(phrases: Iterable[str], language: str, limit: int) -> Prompt:
    """Return the ``limit`` phrases that most products share, in the script of the language."""
    counts = Counter(
        phrase
        for phrase in map(str.strip, phrases)
        if 0 < len(phrase) <= _MAX_CHARACTERS and bool(_HAN.search(phrase)) == (language == "zh")
    )
    ranked = sorted(counts, key=lambda phrase: (-counts[phrase], phrase))[: max(limit, 0)]
    return Prompt(language, tuple(reversed(ranked)))


def folded(text: str) -> str:
    """Return the letters and digits of ``text`` alone, in lower case."""
    return _NOT_SPOKEN.sub("", text).casefold()
