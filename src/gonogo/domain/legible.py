"""What people may write into a name or a sentence of one line."""

import re

_NON_JOINER = re.compile("(?<=[\u0620-\u06ff])\u200c(?=[\u0620-\u06ff])")


def is_legible(text: str) -> bool:
    """Whether all of it prints, or is a mark without which its script cannot be written.

    The zero-width non-joiner does not print, and Persian needs it: it is let stand between such letters,
    and nowhere else.
    """
    return _NON_JOINER.sub("", text).isprintable()
