"""The shop of the cases: which values its catalogue has in each declared field."""

from pathlib import Path

from xsearch.conf import settings
from xsearch.text.glossary import read_glossary
from xsearch.understanding import Value, ValueLexicon

_CHINESE = {
    "Shoes": "鞋履", "Dresses": "连衣裙", "Bags": "包", "Jackets": "夹克", "Headphones": "耳机", "Lamps": "灯具",
    "Shirts": "衬衫", "Phones": "手机", "Hats, Scarves & Socks": "帽子围巾袜子", "Backpacks": "背包", "Watches": "手表",
    "Nike": "耐克", "Adidas": "阿迪达斯", "Apple": "苹果", "Sony": "索尼", "Uniqlo": "优衣库", "Xiaomi": "小米",
}  # fmt: skip
_FIELDS = {
    "category": [
        "Shoes", "Dresses", "Bags", "Jackets", "Headphones", "Lamps", "Shirts", "Phones", "Hats, Scarves & Socks",
        "Backpacks", "Watches",
    ],
    "brand": [
        "Nike", "Adidas", "Apple", "Orange", "Under Armour", "The North Face", "Levi's", "Uniqlo", "Sony", "Xiaomi",
        "Zara", "Puma", "Bosch", "Philips",
    ],
    "colour": [
        "black", "white", "grey", "red", "orange", "yellow", "green", "blue", "navy", "purple", "pink", "brown",
    ],
    "material": ["leather", "cotton", "wool", "silk", "wood", "stainless steel", "linen", "plastic"],
}  # fmt: skip


def lexicon() -> ValueLexicon:
    """Return what the catalogue of the cases can be asked for."""
    values = [
        Value(field, name, (name, _CHINESE[name]) if name in _CHINESE else (name,))
        for field, names in _FIELDS.items()
        for name in names
    ]
    return ValueLexicon(values, price="price", glossary=read_glossary(Path(settings.GLOSSARY)))
