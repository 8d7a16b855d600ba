"""The prompt of Whisper models: the shop's most frequent words, which the model then expects in the speech."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_MAX_CHARACTERS = 40  # of a phrase: brands, categories and colours, not whole titles
_HAN = re.compile(r"[\u3400-\u9fff]")
_NOT_SPOKEN = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class WhisperPrompt:
    """An introduction and phrases, the most frequent last and so nearest to the speech."""

    language: str
    phrases: tuple[str, ...] = ()

    @property
    def introduction(self) -> str:
        """A sentence in simplified characters for Chinese, so that the model continues in them."""
        return "以下是简体中文的普通话。" if self.language == "zh" else ""

    @property
    def text(self) -> str:
        """The whole prompt, which the model takes for the text before the speech; may be empty."""
        comma, stop = ("、", "。") if self.language == "zh" else (", ", ".")
        listed = comma.join(self.phrases)
        return self.introduction + (listed + stop if listed else "")

    def within(self, budget: int, count_tokens: Callable[[str], int]) -> WhisperPrompt:
        """Return the prompt with as many of its most frequent phrases as fit into ``budget`` tokens."""
        fewest, most = 0, len(self.phrases)
        while fewest < most:
            middle = (fewest + most + 1) // 2
            fits = count_tokens(self._last(middle).text) <= budget
            fewest, most = (middle, most) if fits else (fewest, middle - 1)
        prompt = self._last(fewest)
        return prompt if count_tokens(prompt.text) <= budget else WhisperPrompt("")

    def _last(self, count: int) -> WhisperPrompt:
        return WhisperPrompt(self.language, self.phrases[len(self.phrases) - count :])

    def is_echoed_by(self, text: str) -> bool:
        """Return True if ``text`` is a piece of this prompt, which models repeat when nobody speaks.

        A customer may say two or three phrases in the order of the prompt; four in a row are an echo.
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


def shop_prompt(phrases: Iterable[str], language: str, limit: int) -> WhisperPrompt:
    """Return a prompt of the ``limit`` most frequent phrases in the script of the language."""
    counts = Counter(
        phrase
        for phrase in map(str.strip, phrases)
        if 0 < len(phrase) <= _MAX_CHARACTERS and bool(_HAN.search(phrase)) == (language == "zh")
    )
    ranked = sorted(counts, key=lambda phrase: (-counts[phrase], phrase))[: max(limit, 0)]
    return WhisperPrompt(language, tuple(reversed(ranked)))


def folded(text: str) -> str:
    """Return only the letters and digits of ``text``, in lower case."""
    return _NOT_SPOKEN.sub("", text).casefold()
