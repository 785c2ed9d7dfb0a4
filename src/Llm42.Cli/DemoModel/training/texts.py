"""The training texts, cut into documents."""

import re

VERSE = re.compile(r"^(\w+?\d+):\d+ (.*)$")


def read_bible(path):
    """The output of `bible -f`, one verse a line, as one paragraph per chapter without verse numbers."""
    chapters = {}
    for line in open(path, encoding="utf-8", errors="ignore"):
        match = VERSE.match(line.strip())
        if match is None:
            raise SystemExit(f"{path}: not a verse as `bible -f` prints it: {line[:60]!r}")
        chapter, verse = match.groups()
        chapters.setdefault(chapter, []).append(verse.strip())
    return [" ".join(verses) for verses in chapters.values()]


def read_shakespeare(path):
    """tinyshakespeare: speeches, a blank line between them."""
    return open(path, encoding="utf-8", errors="ignore").read().split("\n\n")
