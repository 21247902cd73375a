"""GPP strings: a header that names sections, and the sections."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from maitred.core.privacy.strings import Framework, Gpp, GppSection, Tcf

from . import messages
from .bits import Bits, IabError
from .canada import parse_canada
from .ids import COUNT_BITS
from .layouts import LAYOUTS
from .tcf import parse_tcf
from .us import parse_us, parse_us_privacy

MAX_SECTIONS = 64
"""More than twice as many as are defined."""
_HEADER_TYPE = 3
_HEADER_VERSION = 1
_HEADER_BITS = 6


def parse_gpp(text: str) -> Gpp:
    """Returns the sections by name; those that are not known are left out. Raises `IabError`."""
    header, *texts = text.split("~", MAX_SECTIONS + 1)
    if len(texts) > MAX_SECTIONS:
        raise IabError(messages.absurd("a number of sections", MAX_SECTIONS))
    sections = {}
    for section_id, section in zip(_section_ids(header, len(texts)), texts, strict=True):
        if section_id in READERS:
            name, read = READERS[section_id]
            sections[name] = _named(name, read, section)
    return MappingProxyType(sections)


def _section_ids(header: str, expected: int) -> list[int]:
    bits = Bits(header)
    for what, known in (("type", _HEADER_TYPE), ("version", _HEADER_VERSION)):
        value = bits.take(_HEADER_BITS)
        if value != known:
            raise IabError(messages.wrong_version(what, value))
    ids: list[int] = []
    last = 0
    for _ in range(bits.take(COUNT_BITS)):
        is_range = bits.flag()
        start = last + bits.fibonacci()
        last = start + bits.fibonacci() if is_range else start
        if len(ids) + last - start >= expected:
            raise IabError(messages.sections_differ(len(ids) + last - start + 1, expected))
        ids.extend(range(start, last + 1))
    bits.close()
    if len(ids) != expected:
        raise IabError(messages.sections_differ(len(ids), expected))
    return ids


def _named(name: str, read: Callable[[str], GppSection | Tcf], text: str) -> GppSection | Tcf:
    try:
        return read(text)
    except IabError as error:
        raise IabError(messages.in_section(name, str(error))) from None


def _europe(text: str) -> Tcf:
    strings = parse_tcf(text)
    if strings.framework is not Framework.EU:
        raise IabError(messages.wrong_version("version", strings.version))
    return strings


READERS: Mapping[int, tuple[str, Callable[[str], GppSection | Tcf]]] = {
    2: (Framework.EU.value, _europe),
    5: (Framework.CANADA.value, parse_canada),
    6: ("uspv1", parse_us_privacy),
    **{number: (layout.name, partial(parse_us, number)) for number, layout in LAYOUTS.items()},
}
