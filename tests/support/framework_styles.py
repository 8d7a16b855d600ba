"""Style sheets of shops around the widgets: frameworks, and rules such as many shops have."""

import json

from tests.support import ROOT

#: What the frameworks do to every page, equal in effect; the real ones are tested where npm has installed them.
BOOTSTRAP_4 = """
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; text-align: left; }
h1, h2, h3 { margin: 0 0 .5rem; font-weight: 500; line-height: 1.2; }
p, ul, ol { margin: 0 0 1rem; }
a { color: #007bff; text-decoration: none; background-color: transparent; }
a:hover { color: #0056b3; text-decoration: underline; }
img, svg { vertical-align: middle; }
svg { overflow: hidden; }
label { display: inline-block; margin-bottom: .5rem; }
button { border-radius: 0; text-transform: none; }
input, button, select { margin: 0; font-family: inherit; font-size: inherit; line-height: inherit; overflow: visible; }
button, [type="button"], [type="submit"] { -webkit-appearance: button; }
[type="search"] { outline-offset: -2px; -webkit-appearance: none; }
fieldset { min-width: 0; margin: 0; padding: 0; border: 0; }
legend { display: block; width: 100%; max-width: 100%; margin-bottom: .5rem; padding: 0; font-size: 1.5rem; line-height: inherit; white-space: normal; }
strong, b { font-weight: bolder; }
[hidden] { display: none !important; }
"""
BOOTSTRAP_5 = """
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; }
h1, h2, h3 { margin: 0 0 .5rem; font-weight: 500; line-height: 1.2; }
p, ul, ol { margin: 0 0 1rem; }
ol, ul { padding-left: 2rem; }
a { color: rgb(13 110 253); text-decoration: underline; }
img, svg { vertical-align: middle; }
label { display: inline-block; }
button { border-radius: 0; text-transform: none; }
input, button, select { margin: 0; font-family: inherit; font-size: inherit; line-height: inherit; }
select { word-wrap: normal; text-transform: none; }
button, [type="button"], [type="submit"] { -webkit-appearance: button; }
[type="search"] { outline-offset: -2px; -webkit-appearance: textfield; }
fieldset { min-width: 0; margin: 0; padding: 0; border: 0; }
legend { float: left; width: 100%; margin-bottom: .5rem; padding: 0; font-size: 1.5rem; line-height: inherit; }
legend + * { clear: left; }
summary { display: list-item; cursor: pointer; }
[hidden] { display: none !important; }
"""
TAILWIND = """
*, ::after, ::before, ::backdrop, ::file-selector-button { box-sizing: border-box; margin: 0; padding: 0; border: 0 solid; }
h1, h2, h3 { font-size: inherit; font-weight: inherit; }
a { color: inherit; text-decoration: inherit; }
b, strong { font-weight: bolder; }
ol, ul, menu { list-style: none; }
img, svg, video, canvas { display: block; vertical-align: middle; }
img, video { max-width: 100%; height: auto; }
button, input, select, ::file-selector-button { font: inherit; letter-spacing: inherit; color: inherit; border-radius: 0; background-color: transparent; opacity: 1; }
::placeholder { opacity: 1; color: color-mix(in oklab, currentcolor 50%, transparent); }
::-webkit-search-decoration { -webkit-appearance: none; }
button, ::file-selector-button { appearance: button; }
summary { display: list-item; }
[hidden]:not([hidden="until-found"]) { display: none !important; }
"""
#: Rules of shops without a framework.
SHOP = """
* { margin: 0; padding: 0; letter-spacing: normal; }
a { color: #c00; text-decoration: underline; font-weight: 700; border-bottom: 1px solid; }
p { margin: 1.4em 0; font-size: 1.1em; line-height: 1.9; text-indent: 1em; }
ul, ol { margin: 20px; padding: 0 0 0 40px; list-style: square; }
li { margin: 8px 0; padding: 4px; list-style: square inside; float: none; }
button { padding: 12px 40px; border: 2px solid #333; border-radius: 0; background: #333; color: #fff; text-transform: uppercase; letter-spacing: 2px; min-width: 160px; box-shadow: 0 2px 0 #000; width: 100%; }
input, select, textarea { display: block; width: 100%; height: 60px; margin: 0 0 20px; padding: 20px; border: 3px solid #333; border-radius: 0; background: #eee; box-shadow: inset 0 0 3px #000; text-transform: uppercase; }
label { display: block; margin: 0 0 12px; font-weight: 700; text-transform: uppercase; }
form { margin: 30px 0; padding: 20px; border: 1px solid #999; background: #fafafa; }
fieldset { margin: 20px 0; padding: 20px; border: 2px groove #999; min-width: min-content; }
legend { float: left; width: 100%; margin: 0 0 20px; padding: 0 10px; border-bottom: 1px solid; font-size: 1.6em; }
img { max-width: 100%; height: auto; padding: 4px; border: 1px solid #ccc; }
svg { width: 100%; height: auto; fill: #c00; }
h2 { margin: 40px 0; font-size: 3rem; text-transform: uppercase; text-align: center; }
section, nav { padding: 40px 0; background: #f4f4f4; }
details { padding: 10px; border: 1px solid; }
summary { padding: 10px; background: #ddd; }
span { font-style: italic; }
dialog { max-width: none; margin: 0; }
"""


def style_sheets():
    """Return the style sheets by name, those of npm as far as it has installed them (``make lint`` does)."""
    modules = ROOT / "node_modules"
    real = {
        "bootstrap4": modules / "bootstrap4" / "dist" / "css" / "bootstrap.css",
        "bootstrap5": modules / "bootstrap5" / "dist" / "css" / "bootstrap.css",
        "tailwindcss": modules / "tailwindcss" / "preflight.css",
    }
    own = {"like-bootstrap-4": BOOTSTRAP_4, "like-bootstrap-5": BOOTSTRAP_5, "like-tailwind": TAILWIND, "shop": SHOP}
    return own | {name: file.read_text() for name, file in real.items() if file.exists()}


#: What makes up the looks of an element. Fonts and colours that are inherited on purpose are the page's.
PROPERTIES = [
    "display", "visibility", "position", "float", "boxSizing", "width", "height", "minWidth", "maxWidth",
    "marginTop", "marginRight", "marginBottom", "marginLeft", "paddingTop", "paddingRight", "paddingBottom", "paddingLeft",
    "borderTopWidth", "borderRightWidth", "borderBottomWidth", "borderLeftWidth", "borderTopStyle", "borderTopColor",
    "borderTopLeftRadius", "backgroundColor", "boxShadow", "color", "fill", "fontSize", "fontWeight", "fontStyle",
    "lineHeight", "letterSpacing", "textTransform", "textAlign", "textIndent", "textDecorationLine", "listStyleType",
    "overflowX", "opacity", "objectFit", "whiteSpace",
]  # fmt: skip

#: Returns the looks of every element of the widgets, as [name, {property: value}] in the order of the document.
LOOKS = """(properties) => [...document.querySelectorAll(".xs-bar, .xs-results, .xs-similar, .xs-consent, .xs-known")]
  .flatMap((widget) => [widget, ...widget.querySelectorAll("*")])
  .filter((element) => !element.matches("script, template, source, path, circle, rect, option"))
  .map((element) => {
    const style = getComputedStyle(element);
    const name = `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""}`;
    const isBordered = style.borderTopWidth !== "0px" && style.display !== "inline";
    const seen = properties.filter((name) => isBordered || !["borderTopStyle", "borderTopColor"].includes(name));
    return [name, Object.fromEntries(seen.map((name) => [name, style[name]]))];
  })"""

#: Puts a style sheet before or behind all others in the place of the one before; the page keeps its font.
WEAR = """([css, first]) => {
  document.querySelectorAll("style").forEach((style) => style.remove());
  const add = (text, where) => where.call(document.head, Object.assign(document.createElement("style"), { textContent: text }));
  add(css, first ? document.head.prepend : document.head.append);
  add("*, ::before, ::after { transition: none !important; animation: none !important; }", document.head.append);
  add("body.xs-page { margin: 0; padding: 0; font: 16px/1.5 sans-serif; color: #16181d; text-align: start; background: #fff; }", document.head.append);
}"""


#: Returns the looks of a card in a result, and of the same card in a page of the same width.
CARDS = """([html, properties]) => {
  const [inside, outside] = [document.querySelector(".xs-hit"), document.createElement("div")];
  outside.style.width = getComputedStyle(inside).width;
  document.querySelector("main").append(outside);
  return [inside, outside].map((place) => {
    const card = Object.assign(document.createElement("div"), { innerHTML: html });
    place.append(card);
    return [...card.querySelectorAll("*")].map((element) => {
      const style = getComputedStyle(element);
      return [element.tagName, Object.fromEntries(properties.map((name) => [name, style[name]]))];
    });
  });
}"""


def differences(plain, styled):
    """Return what looks different, as {element: {property: [plain, styled]}}."""
    if [name for name, _ in plain] != [name for name, _ in styled]:
        raise ValueError(json.dumps([plain, styled])[:2000])
    found = {}
    for (name, before), (_, after) in zip(plain, styled, strict=True):
        keys = before.keys() | after.keys()
        pairs = {key: [before.get(key, ""), after.get(key, "")] for key in sorted(keys)}
        changed = {key: pair for key, pair in pairs.items() if not _alike(*pair)}
        if changed:
            found.setdefault(name, changed)
    return found


def _alike(before, after):
    """Fractions of a pixel count for nothing."""
    try:
        return abs(float(before.removesuffix("px")) - float(after.removesuffix("px"))) < 0.6
    except ValueError:
        return before == after


def report(different):
    """Return the differences by element and property, with the style sheets that make them."""
    lines = {}
    for (sheet, first), found in different.items():
        for element, changed in found.items():
            lines.setdefault(f"{element} {changed}", []).append(f"{sheet} {'before' if first else 'behind'}")
    return "\n".join(f"{line}  [{', '.join(sheets)}]" for line, sheets in lines.items())
