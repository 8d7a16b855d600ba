"""Pronunciations of the shop's words: from CMUdict, or by rules for words that it lacks.

The rules are a greedy, longest-match table of English spelling for brands, coinages and misspellings. Phones are those
of CMUdict without stress.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from xsearch.speech.verbalisation import spoken_forms

#: Shop words that CMUdict or the rules get wrong.
EXTRA = {
    "boho": "B OW HH OW", "decor": "D EY K AO R", "diy": "D IY AY W AY", "duvet": "D UW V EY",
    "earbuds": "IH R B AH D Z", "eco": "IY K OW", "espresso": "EH S P R EH S OW", "fleece": "F L IY S",
    "gilet": "JH IH L EY", "hoodie": "HH UH D IY", "hoodies": "HH UH D IY Z", "leggings": "L EH G IH NG Z",
    "micro": "M AY K R OW", "oled": "OW L EH D", "ombre": "AA M B R EY", "parka": "P AA R K AH",
    "tee": "T IY", "tshirt": "T IY SH ER T", "tshirts": "T IY SH ER T S", "xl": "EH K S EH L",
    "xxl": "D AH B AH L EH K S EH L",
}  # fmt: skip

_VARIANT = re.compile(r"\(\d+\)$")
_MAX_VARIANTS = 4
_VOICELESS = frozenset(["P", "T", "K", "F", "TH"])
_HISSING = frozenset(["S", "Z", "SH", "ZH", "CH", "JH"])

_BRITISH = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r" AA (?!R )", " AO "),
        (r" AE ", " AA "),
        (r" ER (?=[^AEIOU]|$)", " AH "),
        (r" (AA|AO|EH|IH|UH|AY|AW) R (?=[^AEIOU]|$)", r" \1 "),
    )
)

#: Names of the letters, for abbreviations.
LETTER_NAMES = {
    "a": "EY", "b": "B IY", "c": "S IY", "d": "D IY", "e": "IY", "f": "EH F", "g": "JH IY", "h": "EY CH",
    "i": "AY", "j": "JH EY", "k": "K EY", "l": "EH L", "m": "EH M", "n": "EH N", "o": "OW", "p": "P IY",
    "q": "K Y UW", "r": "AA R", "s": "EH S", "t": "T IY", "u": "Y UW", "v": "V IY", "w": "D AH B AH L Y UW",
    "x": "EH K S", "y": "W AY", "z": "Z IY",
}  # fmt: skip

#: letters|context before|context after|phones. Contexts are regular expressions; the first match counts.
_SPELLING_RULES = """
augh|||AO au|||AO aw|||AO air|||EH-R ai|||EY ay|||EY are||$|EH-R ar||[aeiouy]|EH-R ar|||AA-R
alk||$|AO-K all||$|AO-L ace||$|EY-S age|.|$|IH-JH ae|||IY al|.|$|AH-L an|..|$|AH-N a||$|AH
ation||s?$|EY-SH-AH-N a||[bcdfgklmnpstvz]e$|EY a||[bcdfgklmnpstvz]es$|EY a||[bdfgklmnpstvz]ing$|EY
a||[bdgkmptv]er|EY a||ste$|EY a||[td]ion|EY a|||AE
bb|||B b|m|$| b|||B
cch|||K ch|||CH ck|||K cial|||SH-AH-L cious|||SH-AH-S cc||[eiy]|K-S cc|||K c||[eiy]|S c|||K
dd|||D dge|||JH dg||[iy]|JH d|||D
eigh|||EY eau|||OW ear|||IH-R ea|||IY eer|||IH-R ee|||IY ei|||EY eu|||UW ew|||UW er||[aeiou]|EH-R
er|||ER ed|[td]|$|IH-D ed|[ckfpsx]|$|T ed|..|$|D es|[sxz]|$|IH-Z es|[cg]|$|IH-Z es|[^aeiou]|$|Z
ey||$|IY el|..|$|AH-L en|..|$|AH-N et|..|$|AH-T ess|.|$|AH-S e|[aeiouy].*[^aeiou]|$| e|..|$|
e|.|ly$| e|[aeiou].|ment| e|[aeiou][^aeiou]|less| e||[aeio]|IY e|||EH
ff|||F f|||F
gg|||G gh|^||G gh||| gn|^||N gn||$|N ge||$|JH g||[ey]|JH g||i[aeou]|JH g|||G
h|[aeiou]|$| h|||HH
igh|||AY ight|||AY-T ign||$|AY-N ior||$|IY-ER ier||$|IY-ER ies||$|IY-Z ied||$|IY-D ie||$|IY ie|||IY
ique||$|IY-K ing||s?$|IH-NG ir||[aeiou]|IH-R ir|||ER ion|[st]||AH-N io|||IY-OW ia|||IY-AH
ize||$|AY-Z ine|[aeiou].*|$|IY-N ive||$|IH-V ic|||IH-K i||[bcdfgklmnpstvz]e$|AY i||nd$|AY i||ld$|AY
i|^[^aeiou]|$|AY i||$|IY i||[aeou]|IY i|||IH
j|||JH
kn|^||N kk|||K k|||K
ll|||L le|[^aeiou]|$|AH-L les|[^aeiou]|$|AH-L-Z l|||L
mm|||M mb||$|M m|||M
ng||$|NG ng||s|NG nk|||NG-K nn|||N nx|||NG-K-S n||[kqx]|NG n|||N
oar|||AO-R oa|||OW oe||$|OW oir|||W-AA-R oi|||OY oy|||OY oor|||AO-R ook|||UH-K oo|||UW ough|||AO
our|||AO-R ould|||UH-D ouch|||AW-CH ous||$|AH-S ou|||AW ow||$|OW ow||[n]$|OW ow|||AW ore||$|AO-R
or|.|$|ER or|||AO-R on|..|$|AH-N oll||$|OW-L old|||OW-L-D ost||$|OW-S-T o||[bcdfgklmnpstvz]e$|OW
o||[bcdfgklmnpstvz]es$|OW o||$|OW o||[aeiu]|OW o|^.?|[^aeiou][aeiouy]|OW o|||AA
ph|||F pp|||P ps|^||S p|||P
que||$|K qu|||K-W q|||K
rr|||R rh|||R r|||R
sch|^||SH sch|||S-K sh|||SH ssion|||SH-AH-N sion|[aeiou]||ZH-AH-N sion|||SH-AH-N sc||[eiy]|S ss|||S
sm||$|Z-AH-M s|[aeiou]|[aeiou]|Z s|[bdgvmnlrwy]|$|Z s|[^f][aeiou]|$|Z s|||S
tch|||CH th|||TH tion|||SH-AH-N tial|||SH-AH-L ture|||CH-ER tt|||T t|||T
uy|||AY ue||$|UW ui|||UW ure||$|Y-UH-R ur||[aeiou]|Y-UH-R ur|||ER ull||$|UH-L us|..|$|AH-S
um|..|$|AH-M u|g|[ei]| u||[bcdfgklmnpstvz]e$|UW u||$|UW u|^[^aeiou]?|[^aeiou][aeiouy]|UW u|||AH
vv|||V v|||V
wh|||W wr|^||R w|[aeiou]|$| w|||W
x|^||Z x|||K-S
y|^||Y y|[aeiou]|[aeiou]|Y y|^[^aeiou]+|$|AY y||[bcdfgklmnpstvz]e$|AY y||$|IY y||[aeiou]|Y y|||IH
zz|||Z z|||Z
"""


class PronunciationDictionary:
    """Pronunciations of words, as phones separated by spaces."""

    def __init__(self, entries: dict[str, list[str]]) -> None:
        self.entries = entries

    @classmethod
    def read(cls, path: Path) -> PronunciationDictionary:
        """Read a dictionary in CMUdict's format."""
        entries = {word: [phones] for word, phones in EXTRA.items()}
        for line in path.read_text(encoding="utf-8").splitlines():
            word, _, phones = line.partition(" ")
            word = _VARIANT.sub("", word) if word.endswith(")") else word
            if word not in EXTRA:
                entries.setdefault(word, []).append(phones.strip())
        return cls(entries)

    def __contains__(self, word: object) -> bool:
        return word in self.entries

    def pronunciations(self, token: str) -> list[str]:
        """Return the pronunciations of a written token, a British one last; none if there is no way to say it."""
        if token in self.entries:
            found = self.entries[token]
        else:
            found = [phones for way in spoken_forms(token) for phones in self._say(way.split())]
        american = list(dict.fromkeys(found))[:_MAX_VARIANTS]
        return list(dict.fromkeys([*american, *(british(phones) for phones in american[:1])]))

    def _say(self, words: list[str]) -> list[str]:
        """Return the pronunciations of words in a row; only a single word has variants."""
        if len(words) == 1:
            return self._word(words[0])
        said = [self._word(word)[:1] for word in words]
        return [" ".join(first for (first,) in said)] if all(said) else []

    def _word(self, word: str) -> list[str]:
        if len(word) == 1:
            return [spell_out(word)]
        if word in self.entries:
            return self.entries[word][:_MAX_VARIANTS]
        return self._inflected(word) or self._compound(word) or self._by_rule(word)

    def _inflected(self, word: str) -> list[str]:
        """Return the pronunciations of the plural or possessive of a known word."""
        stem = word[:-2] if word.endswith("'s") else word[:-1]
        if not word.endswith("s") or len(stem) < 3 or stem not in self.entries:
            return []
        return [f"{phones} {_plural_sound(phones)}" for phones in self.entries[stem][:2]]

    def _compound(self, word: str) -> list[str]:
        """Return the pronunciation of two known words written as one ("headlamp"), the most even split first."""
        splits = sorted(range(3, len(word) - 2), key=lambda at: abs(2 * at - len(word)))
        for at in splits:
            left, right = word[:at], word[at:]
            if left in self.entries and right in self.entries:
                return [f"{self.entries[left][0]} {self.entries[right][0]}"]
        return []

    @staticmethod
    def _by_rule(word: str) -> list[str]:
        if not any(vowel in word for vowel in "aeiouy"):
            return [spell_out(word)] if len(word) <= 5 else []
        spelled = [spell_out(word)] if len(word) <= 4 else []
        return [letters_to_sounds(word), *spelled]


def british(phones: str) -> str:
    """Return an American pronunciation in British English: silent r, and the vowels of "lot" and "trap"."""
    said = f" {phones} "
    for pattern, replacement in _BRITISH:
        said = pattern.sub(replacement, said)
    return said.strip()


def _plural_sound(phones: str) -> str:
    last = phones.rsplit(" ", 1)[-1]
    if last in _HISSING:
        return "IH Z"
    return "S" if last in _VOICELESS else "Z"


def dictionary_lines(dictionary: PronunciationDictionary, words: Iterable[str]) -> list[str]:
    """Return the lines of a pocketsphinx dictionary for ``words``; words without a pronunciation are left out."""
    lines = []
    for word in words:
        for number, phones in enumerate(dictionary.pronunciations(word), start=1):
            lines.append(f"{word} {phones}" if number == 1 else f"{word}({number}) {phones}")
    return lines


_Rule = tuple[str, re.Pattern[str], re.Pattern[str], list[str]]


def _compile(table: str) -> dict[str, list[_Rule]]:
    rules: dict[str, list[_Rule]] = {}
    for rule in table.split():
        letters, before, after, phones = rule.split("|")
        left = re.compile(f"(?:{before})$" if before else "")
        sounds = [phone for phone in phones.split("-") if phone]
        rules.setdefault(letters[0], []).append((letters, left, re.compile(after), sounds))
    return rules


_LETTER_RULES = _compile(_SPELLING_RULES)


def spell_out(word: str) -> str:
    """Return the phones of the letters' names: "usb" → "Y UW EH S B IY"."""
    return " ".join(LETTER_NAMES[letter] for letter in word if letter in LETTER_NAMES)


def letters_to_sounds(word: str) -> str:
    """Return a likely pronunciation of a lower-case word as phones separated by spaces."""
    phones: list[str] = []
    position = 0
    while position < len(word):
        letters, sounds = _match(word, position)
        phones += sounds
        position += len(letters)
    return " ".join(phones) or spell_out(word)


def _match(word: str, position: int) -> tuple[str, list[str]]:
    before, rest = word[:position], word[position:]
    for letters, left, right, sounds in _LETTER_RULES.get(rest[0], []):
        if rest.startswith(letters) and left.search(before) and right.match(rest[len(letters) :]):
            return letters, sounds
    return rest[0], []
