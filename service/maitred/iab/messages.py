"""Every text this room says about consent strings. None repeats the string: it is personal data."""


def empty() -> str:
    """Nothing where a string or a part of it should be."""
    return "is empty or has an empty part"


def too_long(max_chars: int) -> str:
    """Longer than any honest string."""
    return f"is longer than {max_chars} characters"


def not_base64() -> str:
    """A character outside the alphabet."""
    return "has a character outside of A-Z, a-z, 0-9, `-` and `_`"


def truncated() -> str:
    """Ends within a field."""
    return "ends in the middle of a field"


def left_over() -> str:
    """More than padding after the last field."""
    return "goes on after its last field"


def not_a_letter() -> str:
    """A language or country outside of A to Z."""
    return "has a language or country that is not two letters"


def wrong_version(what: str, version: int) -> str:
    """A version or type that is not read."""
    return f"has {what} {version}, which is not known"


def backward_range() -> str:
    """A range that ends before it starts, starts at zero or passes its own maximum."""
    return "has a range of ids that starts at zero, ends before it starts or passes its maximum"


def absurd(what: str, limit: int) -> str:
    """More or greater than the format has room for in any honest string."""
    return f"has {what} above {limit}"


def unknown_segment(kind: int) -> str:
    """A segment that is not known, or there twice."""
    return f"has a segment of type {kind} that is not known or there twice"


def unregistered_platform() -> str:
    """The consent platform's id is none that was given out."""
    return "comes from no registered consent platform"


def undefined_answer() -> str:
    """The value 3 in a field of two bits."""
    return "has an answer that is none of 0, 1 and 2"


def sections_differ(announced: int, present: int) -> str:
    """The header and what follows it do not agree."""
    return f"announces {announced} sections and has {present}"


def not_us_privacy() -> str:
    """The old four-character string is not of its form."""
    return "has a US Privacy section that is not `1` and three of Y, N and -"


def in_section(name: str, reason: str) -> str:
    """A reason that concerns one section."""
    return f"{reason}, in section {name}"
