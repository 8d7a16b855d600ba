"""Letters to sounds for words that no dictionary has: brands, coinages, misspellings.

A greedy, longest-match table of English spelling; phones are those of CMUdict without stress.
"""

from __future__ import annotations

import re

#: Names of the letters, for abbreviations.
LETTER_NAMES = {
    "a": "EY", "b": "B IY", "c": "S IY", "d": "D IY", "e": "IY", "f": "EH F", "g": "JH IY", "h": "EY CH",
    "i": "AY", "j": "JH EY", "k": "K EY", "l": "EH L", "m": "EH M", "n": "EH N", "o": "OW", "p": "P IY",
    "q": "K Y UW", "r": "AA R", "s": "EH S", "t": "T IY", "u": "Y UW", "v": "V IY", "w": "D AH B AH L Y UW",
    "x": "EH K S", "y": "W AY", "z": "Z IY",
}  # fmt: skip

#: letters|what must stand before|what must follow|phones, contexts as regular expressions; the first match counts.
_RULES = """
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


_Rule = tuple[str, re.Pattern[str], re.Pattern[str], list[str]]


def _compile(table: str) -> dict[str, list[_Rule]]:
    rules: dict[str, list[_Rule]] = {}
    for rule in table.split():
        letters, before, after, phones = rule.split("|")
        left = re.compile(f"(?:{before})$" if before else "")
        sounds = [phone for phone in phones.split("-") if phone]
        rules.setdefault(letters[0], []).append((letters, left, re.compile(after), sounds))
    return rules


_COMPILED = _compile(_RULES)


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
    for letters, left, right, sounds in _COMPILED.get(rest[0], []):
        if rest.startswith(letters) and left.search(before) and right.match(rest[len(letters) :]):
            return letters, sounds
    return rest[0], []
