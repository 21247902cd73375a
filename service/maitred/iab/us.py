"""US sections of a GPP string: two-bit answers, and what they mean."""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from types import MappingProxyType

from maitred.core.privacy.strings import GppSection, SectionChoice

from . import messages
from .bits import PADDING_BITS, Bits, IabError
from .layouts import LAYOUTS, NATIONAL, NATIONAL_OLD, Layout

Fields = dict[str, int | bool | str | tuple[int, ...]]

MAX_PARTS = 2
_VERSION_BITS = 6
_ANSWER_BITS = 2
_ANSWER_MASK = 3
_REFUSED, _ALLOWED = 1, 2
_MAX_ANSWER = 2
_NOTICE_GIVEN = 1
_GPC_TYPE = 1
_OLD_NATIONAL_BITS = 66
"""Up to this length a national section has 12 categories and 2 ages, whatever version it claims."""
_NATIONAL_VERSIONS = (1, 2)
_SENSITIVE = "SensitiveDataProcessing"
_CHILD = "KnownChildSensitiveDataConsents"
_OPT_OUT_FIELDS = {
    "sale": ("SaleOptOut",),
    "sharing": ("SharingOptOut", "TargetedAdvertisingOptOut"),
    "targeted_advertising": ("TargetedAdvertisingOptOut", "SharingOptOut"),
}
"""The first that a section has: California calls sharing what other states call targeted advertising."""
_US_PRIVACY = re.compile(r"1[YN-]{3}")


def parse_us(section_id: int, text: str) -> GppSection:
    """Returns the section of that id, one of `LAYOUTS`; raises `IabError`."""
    core, *others = text.split(".", MAX_PARTS)
    if len(others) >= MAX_PARTS:
        raise IabError(messages.absurd("a number of parts", MAX_PARTS))
    bits = Bits(core)
    layout = _layout(section_id, bits)
    fields = _core(bits, layout)
    if bits.left >= PADDING_BITS:
        raise IabError(messages.left_over())
    _add_part(fields, layout, others)
    return _section(layout, fields, is_exact=not bits.rest())


def parse_us_privacy(text: str) -> GppSection:
    """Returns the four characters that came before GPP. They know of sale only; refusing it refuses all."""
    if not _US_PRIVACY.fullmatch(text):
        raise IabError(messages.not_us_privacy())
    fields: Fields = {"Version": 1, "Notice": text[1], "OptOutSale": text[2], "LspaCovered": text[3]}
    choice = {
        "Y": SectionChoice.REFUSED,
        "N": SectionChoice.NOT_OPTED_OUT if text[1] == "Y" else SectionChoice.UNSAID,
    }.get(text[2], SectionChoice.UNSAID)
    others = SectionChoice.REFUSED if choice is SectionChoice.REFUSED else SectionChoice.UNSAID
    opt_outs = {word: choice if word == "sale" else others for word in _OPT_OUT_FIELDS}
    return GppSection("uspv1", MappingProxyType(fields), MappingProxyType(opt_outs), MappingProxyType({}))


def _layout(section_id: int, bits: Bits) -> Layout:
    layout = LAYOUTS[section_id]
    return NATIONAL_OLD if layout is NATIONAL and bits.left <= _OLD_NATIONAL_BITS else layout


def _core(bits: Bits, layout: Layout) -> Fields:
    version = bits.take(_VERSION_BITS)
    if version not in (_NATIONAL_VERSIONS if layout.name == NATIONAL.name else (1,)):
        raise IabError(messages.wrong_version("version", version))
    fields: Fields = {layout.version_field: version}
    shape = _fields_of(layout)
    answers = iter(_answers(bits, sum(count or 1 for _, count in shape)))
    for name, count in shape:
        fields[name] = tuple(islice(answers, count)) if count else next(answers)
    if layout.name == NATIONAL.name:
        _fit_national(fields, version)
    return fields


def _fit_national(fields: Fields, version: int) -> None:
    """Version 1 has 12 categories and 2 ages, version 2 has 16 and 3, in either layout."""
    model = NATIONAL_OLD if version == 1 else NATIONAL
    for name, count in _fields_of(model):
        answers = fields[name]
        if isinstance(answers, tuple):
            fields[name] = (answers + (0,) * count)[:count]


@lru_cache(maxsize=len(LAYOUTS) + 1)
def _fields_of(layout: Layout) -> tuple[tuple[str, int], ...]:
    pairs = (field.partition("*") for field in layout.fields.split())
    return tuple((name, int(count or 0)) for name, _, count in pairs)


def _answers(bits: Bits, count: int) -> tuple[int, ...]:
    together = bits.take(_ANSWER_BITS * count)
    answers = tuple(together >> _ANSWER_BITS * place & _ANSWER_MASK for place in range(count - 1, -1, -1))
    if max(answers) > _MAX_ANSWER:
        raise IabError(messages.undefined_answer())
    return answers


def _add_part(fields: Fields, layout: Layout, parts: list[str]) -> None:
    if layout.has_sensitive_part:
        fields[_SENSITIVE] = _sensitive_part(parts, len(layout.categories))
        return
    fields["GpcSegmentIncluded"] = bool(parts)
    fields["Gpc"] = _gpc(parts)


def _sensitive_part(parts: list[str], count: int) -> tuple[int, ...]:
    if not parts:
        return (0,) * count
    bits = Bits(parts[0])
    answers = _answers(bits, count)
    bits.close()
    return answers


def _gpc(parts: list[str]) -> bool:
    if not parts:
        return False
    bits = Bits(parts[0])
    kind = bits.take(_ANSWER_BITS)
    if kind != _GPC_TYPE:
        raise IabError(messages.unknown_segment(kind))
    is_set = bits.flag()
    bits.close()
    return is_set


def _section(layout: Layout, fields: Fields, *, is_exact: bool) -> GppSection:
    child = fields.get(_CHILD, 0)
    return GppSection(
        name=layout.name,
        fields=MappingProxyType(fields),
        opt_outs=MappingProxyType({word: _opt_out(fields, names) for word, names in _OPT_OUT_FIELDS.items()}),
        sensitive=MappingProxyType(_sensitive(layout, fields)),
        gpc=fields.get("Gpc") is True,
        child_refused=_REFUSED in (child if isinstance(child, tuple) else (child,)),
        exact=is_exact,
    )


def _opt_out(fields: Fields, names: tuple[str, ...]) -> SectionChoice:
    name = next((name for name in names if name in fields), None)
    if name is None:
        return SectionChoice.UNSAID
    if fields[name] == _REFUSED:
        return SectionChoice.REFUSED
    was_notified = fields.get(f"{name}Notice") == _NOTICE_GIVEN
    return SectionChoice.NOT_OPTED_OUT if fields[name] == _ALLOWED and was_notified else SectionChoice.UNSAID


def _sensitive(layout: Layout, fields: Fields) -> Mapping[str, SectionChoice]:
    answers = fields.get(_SENSITIVE)
    if not isinstance(answers, tuple):
        return {}
    allowed = SectionChoice.NOT_OPTED_OUT if layout.opts_out else SectionChoice.CONSENTED
    meaning = {0: SectionChoice.UNSAID, _REFUSED: SectionChoice.REFUSED, _ALLOWED: allowed}
    return {
        word: meaning[answer]
        for words, answer in zip(
            layout.categories, answers if isinstance(answers, tuple) else (), strict=False
        )
        for word in words.split()
    }
