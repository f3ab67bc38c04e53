"""Which logins look alike: their skeletons are equal, as in Unicode Technical Standard 39, section 4.

Logins are ASCII, so what is left of its table of confusables are the letters below; lines and dots at the edge of a
word and letters that touch (vv) are ours. The database computes the same for its unique index.
"""

# In this order, each on what the one before it left.
STEPS = (
    ("_", ""),  # hardly to be seen at the end of a name
    ("rn", "m"),  # UTS 39: m is rn
    ("vv", "w"),
    ("0", "o"),
    ("1", "l"),
    ("i", "l"),  # display names may have it as I
)


def skeleton(login: str) -> str:
    """What everything that looks like this login has in common."""
    text = login.lower()
    for old, new in STEPS:
        text = text.replace(old, new)
    return text
