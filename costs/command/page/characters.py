"""What may stand in XML and HTML, of what may stand in a report.

Shows that something was there; never drops it without a word.
"""

from __future__ import annotations

import re
from typing import Final

_REFUSED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
"""What XML 1.0 (2.2, Char) has no place for, and DEL."""


def printable(raw: str) -> str:
    """Text with U+FFFD in place of what a document cannot hold."""
    return _REFUSED.sub("\ufffd", raw)
