"""The code blocks of the README's installation, in order, and what each of them is: a file's part, or commands."""

import re

from tests.support import ROOT

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: The first line of each part of a block names the file that it belongs to.
_FILE = re.compile(r"^(?:# |\{# )([\w/]+\.(?:py|html))(?: #\})?\n", re.MULTILINE)


def installation():
    """Yield ("file", name, text) and ("command", line), as a reader meets them."""
    section = (ROOT / "README.md").read_text().split("## Install it in your shop")[1].split("\n## ")[0]
    for language, text in _BLOCK.findall(section):
        if language == "console":
            yield from (("command", line) for line in text.splitlines())
            continue
        before, *parts = _FILE.split(text)
        assert before == "", f"this block does not name its file: {text}"
        yield from (("file", name, part) for name, part in zip(parts[::2], parts[1::2], strict=True))
