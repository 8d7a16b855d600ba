"""English words: stems, irregular plurals, British and American spelling, stop words and everyday words."""

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
    """Return the stem of a folded English word; other words, and mixtures with digits, are returned unchanged."""
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word
    if word in _STEMS:
        return _STEMS[word]
    word = _MEN.sub("man", _IRREGULAR.get(word, word))
    word = _SPELLINGS.get(word, word)
    with _lock:  # the stemmer keeps its state in itself
        return str(_stemmer.stemWord(word))


def written(stem_: str) -> str:
    """Return a word with this stem, for a stem that was never seen as a word: "durabl" → "durable"."""
    endings = (f"{stem_[:-1]}y",) if stem_.endswith("i") else (f"{stem_}e",) if _LACKS_E.search(stem_) else ()
    return next((word for word in endings if stem(word) == stem_), stem_)


_EVERYDAY_WORDS = """
    accessory adult air alarm antique apple apron area arm art artist baby bake balcony ball bamboo band bar
    barn base basin basket bath bathroom battery beach bead beam bean bed bedding bedroom beer bench bike bin
    bird birthday blade blanket blend blender blind block board boat body bolt bone book bookcase bottom box bra
    bracelet bracket brand brass bread breakfast brick bride bright broom brush bucket budget buffet bulb bunk
    business butcher butter button cabinet cable cake camera camp can canopy car card care carpet cart case cash
    cat ceiling cell chain charger cheap cheese chess chest child christmas cinema city class classic clay clean
    clear clip closet cloth clothes cloud coat cocktail coffee coin cold collar comb comfort computer concrete
    cook cool copper cord corner cost cotton couch count counter country couple court cover cow cream crib
    crystal cup cupboard curtain curve custom cut dad dance dark date day deck decor deep delivery design desk
    diamond dining dinner dish display dog doll door double drawer drawing dresser drill drink driver dry dust
    earring earrings east easter easy edge egg electric end entry envelope extra eye fabric face fairy family
    fan farm fashion father faucet feather fence fiber file filter fire fish fit flag flame flash flat floor
    flour flower foam fold food foot football fork formal frame free fresh fridge friend front fruit fun fur
    furniture futon game garage garden gate gift gifts girl girlfriend glue goat gold golf good grape grass
    great grill gun gym hair half hall halloween hammer hammock hand handle hang hard hardware headboard
    headphones heart heater heavy height high hike hole holiday home hook horse hose hot hotel hour house
    husband ice indoor ink inside iron island ivory jar jewel jewelry juice keyboard kid kids king kit kitchen
    knife lace ladder lake lamp land laptop large laser laundry lawn leaf led left leg lemon length letter level
    lid life light line linen liner lion living lock locker long loose love low luggage lunch machine magnet
    mail make male man map marble mask mat match mattress meal meat men metal meter microwave milk mini mirror
    mobile modern moisture money monitor moon morning mother motor mountain mouse mouth movie mug mum music nail
    name narrow nature neck necklace needle nest net new night nightstand north nose note number nursery nut oak
    office oil old outdoor outfit outside oval oven pack pad paint painting pair pan panel pants paper park part
    party patch patio peach pearl pen pencil perfume pet phone photo piano picture pie pillow pin pipe pizza
    plain plan plant planter plants plate play plug pocket poker pole pond pool porch portable poster pot powder
    power present pretty price printer printers product profile puppy purse quality queen quick quilt rabbit
    race rack racket radio rail rain raincoat range razor reading recliner record rice ride right ring river
    road rock rod roof room root rope rose round router row rug rustic saddle safe sale salon salt sand sauce
    saw scale school science screen screw sea seat sectional semi serum set shade shampoo shape sharp sheep
    sheet shelf shell shelves ship shop short shoulder shovel shower side sign silk silver sink size skate
    skateboard ski skin sleep slide slim slipper small smart smoke snack snow soap soccer soft soil solid son
    song sound soup south space speaker speed spice spoon sport spring square stair stand star station steam
    steel step stick stone stool storage store storm stove strap straw street string strip strong student study
    style sugar suit summer sun sunscreen surf sweet swim swimsuit swing switch table tablet tail tall tank tap
    tape task tea teacher tennis tent thermos thick thin thread throw tie tier tile time tin tire toast toaster
    toilet tone tool tooth toothbrush top torch towel tower toy track tractor trail train tray treadmill tree
    trim trip trolley truck trunk tub tube tv twin type under unit upholstered used valentine vanity vegan
    vintage vinyl vitamin waist walk wall wallet wardrobe warm wash water wax wedding weight west wheel white
    wide wife wind window wine winter wire wireless wise wolf woman wood work workout world wrap wrench yard
    yarn year yoga young zipper
"""
#: Everyday words of shoppers. They are no typing errors, also where a shop sells nothing of the kind.
EVERYDAY = frozenset(_EVERYDAY_WORDS.split())
