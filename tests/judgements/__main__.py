"""``XSEARCH_DATA=… python -m tests.judgements FOLDER``"""

import os
import sys
from pathlib import Path

from tests.judgements import build

if len(sys.argv) != 2:
    sys.exit("Name the folder to write to: python -m tests.judgements FOLDER")
if not os.environ.get("XSEARCH_DATA"):
    sys.exit("XSEARCH_DATA is unset: it names the folder that has shops/eshop, shops/tailwind and shops/contoso.")
print(build(Path(os.environ["XSEARCH_DATA"]), Path(sys.argv[1])))
