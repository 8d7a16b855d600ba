"""English words: stems, irregular plurals, two ways of spelling, and words that say nothing of a product."""

from __future__ import annotations

import re
from functools import lru_cache
from threading import Lock

# The pure Python class, not ``snowballstemmer.stemmer``: that one prefers PyStemmer where it happens to be
# installed, whose other version would give other stems than those in the database.
from snowballstemmer.english_stemmer import EnglishStemmer

_STOP_WORDS = """
    a about am an and any are as at be been but by can could do does for from get give got had has have hello
    hey hi how i im in is it its ive just like looking me my need of on or our please search searching
    show so some something that the their them then there these they this those to us very want wanted wants
    was we were what when where which who will with would you your find buy
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

_IRREGULAR = {
    "men": "man", "mens": "man", "women": "woman", "womens": "woman", "ladies": "lady", "children": "child",
    "childrens": "child", "people": "person", "feet": "foot", "teeth": "tooth", "mice": "mouse",
    "geese": "goose", "knives": "knife", "lives": "life", "wives": "wife", "leaves": "leaf", "loaves": "loaf",
    "shelves": "shelf", "scarves": "scarf", "halves": "half", "wolves": "wolf", "calves": "calf",
    "elves": "elf", "hooves": "hoof", "oxen": "ox", "dice": "die", "cacti": "cactus", "fungi": "fungus",
    "woolen": "wool", "woollen": "wool", "woolly": "wool", "wooden": "wood", "golden": "gold",
}  # fmt: skip
_SPELLINGS = {
    "color": "colour", "colors": "colour", "colored": "colour", "gray": "grey", "jewelry": "jewellery",
    "aluminum": "aluminium", "pajamas": "pyjamas", "pajama": "pyjamas", "pyjama": "pyjamas", "tires": "tyre",
    "tire": "tyre", "fiber": "fibre", "fibers": "fibre", "liter": "litre", "liters": "litre",
    "center": "centre", "theater": "theatre", "mold": "mould", "molds": "mould", "mom": "mum", "moms": "mum",
    "multicolor": "multicolour", "multicolored": "multicolour", "multicoloured": "multicolour",
    "flavor": "flavour", "flavors": "flavour", "flavored": "flavour", "flavoured": "flavour", "harbor": "harbour",
    "humor": "humour", "neighbor": "neighbour", "odor": "odour", "odors": "odour", "vapor": "vapour",
    "catalog": "catalogue", "catalogs": "catalogue", "dialog": "dialogue", "meter": "metre", "meters": "metre",
    "whiskey": "whisky", "whiskeys": "whisky", "mustache": "moustache", "yogurt": "yoghurt", "yogurts": "yoghurt",
    "organizer": "organiser", "organizers": "organiser", "moisturizer": "moisturiser", "sanitizer": "sanitiser",
    "moisturizers": "moisturiser", "personalized": "personalised", "customized": "customised",
    "favorite": "favourite", "armor": "armour", "ax": "axe", "doughnut": "donut", "doughnuts": "donut",
}  # fmt: skip
# Stems that the algorithm gets wrong.
_STEMS = {
    "lens": "lens", "lenses": "lens", "skis": "ski", "skiing": "ski", "axes": "axe", "bus": "bus", "buses": "bus",
    "gas": "gas", "gases": "gas", "canvas": "canvas", "canvases": "canvas", "iris": "iris", "irises": "iris",
    "quiz": "quiz", "quizzes": "quiz", "menus": "menu",
}  # fmt: skip
# Snowmen and policemen, but neither specimen nor regimen.
_MEN = re.compile(r"(?<=[a-z]{3})(?<!speci)(?<!regi)(?<!abdo)men$")
#: Words after which a single letter belongs: "USB C", "size M".
BEFORE_LETTER = frozenset({"usb", "type", "size", "vitamin", "class", "grade", "category", "cat"})
# No English word ends like this, but many stems do.
_LACKS_E = re.compile(r"([^aeioul]l|[^aeiou]c|[vz]|ur|at|is|uc|[rn]g)$")

_stemmer = EnglishStemmer()
_lock = Lock()


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the stem of a folded English word; other words, and mixtures with digits, stay as they are."""
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word
    if word in _STEMS:
        return _STEMS[word]
    word = _MEN.sub("man", _IRREGULAR.get(word, word))
    word = _SPELLINGS.get(word, word)
    with _lock:  # the stemmer keeps its state in itself
        return str(_stemmer.stemWord(word))


def written(stem_: str) -> str:
    """Return a word that has this stem, for a stem that was never seen as a word: "durabl" → "durable"."""
    endings = (f"{stem_[:-1]}y",) if stem_.endswith("i") else (f"{stem_}e",) if _LACKS_E.search(stem_) else ()
    return next((word for word in endings if stem(word) == stem_), stem_)
