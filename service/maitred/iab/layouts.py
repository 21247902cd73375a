"""What the bits of each US section mean, as IAB's specifications list them.

A layout is the fields in order, two bits each and ``*n`` for a list of n of them. Categories
are the words of `maitred.core.privacy.strings.SENSITIVE` in the order of the list; several at one
place share its answer.
"""

from dataclasses import dataclass

_MSPA = "MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode"
_OPT_OUTS = "SaleOptOutNotice TargetedAdvertisingOptOutNotice SaleOptOut TargetedAdvertisingOptOut"
_SHARING = f"SharingNotice {_OPT_OUTS} SensitiveDataProcessing"
_PROCESSING = f"ProcessingNotice {_OPT_OUTS} SensitiveDataProcessing"
_CHILD = "KnownChildSensitiveDataConsents"
_MORE = "AdditionalDataProcessingConsent"
_NATIONAL = (
    "SharingNotice SaleOptOutNotice SharingOptOutNotice TargetedAdvertisingOptOutNotice"
    " SensitiveDataProcessingOptOutNotice SensitiveDataLimitUseNotice"
    " SaleOptOut SharingOptOut TargetedAdvertisingOptOut SensitiveDataProcessing"
)
_NEWER = f"MspaCoveredTransaction MspaMode ProcessingNotice {_OPT_OUTS}"

_EIGHT = (
    *("racial_ethnic_origin", "religious_beliefs", "health", "sexual_orientation", "citizenship"),
    *("genetic", "biometric", "precise_geolocation"),
)
_UTAH = (*_EIGHT[:2], "sexual_orientation", "citizenship", "health", *_EIGHT[5:])
_CALIFORNIA = (
    *("identity_document", "financial_account", "precise_geolocation"),
    *(
        "racial_ethnic_origin religious_beliefs union_membership",
        "messages",
        "genetic",
        "biometric",
        "health",
    ),
    "sexual_orientation",
)
_OREGON = (
    *(*_EIGHT[:4], "transgender", "citizenship", "national_origin", "crime_victim"),
    *("genetic", "biometric", "precise_geolocation"),
)
_COUNTRY = (
    *(*_EIGHT, "identity_document", "financial_account", "union_membership", "messages"),
    *("consumer_health", "crime_victim", "national_origin", "transgender"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """One US section.

    ``opts_out`` says that its sensitive categories ask for an objection, not for consent.
    ``version_field`` is what the first six bits are called. ``has_sensitive_part`` says that the
    sensitive categories stand in a part of their own after the dot, instead of GPC.
    """

    name: str
    fields: str
    categories: tuple[str, ...] = _EIGHT
    opts_out: bool = False
    version_field: str = "Version"
    has_sensitive_part: bool = False


def _newer(name: str, child: str = f"{_CHILD} ", categories: tuple[str, ...] = _EIGHT) -> Layout:
    fields = f"{_NEWER} {child}{_MORE}"
    return Layout(name, fields, categories, version_field="MspaVersion", has_sensitive_part=bool(categories))


NATIONAL_OLD = Layout("usnat", f"{_NATIONAL}*12 {_CHILD}*2 PersonalDataConsents {_MSPA}", _COUNTRY[:12])
NATIONAL = Layout("usnat", f"{_NATIONAL}*16 {_CHILD}*3 PersonalDataConsents {_MSPA}", _COUNTRY)

LAYOUTS = {
    7: NATIONAL,
    8: Layout(
        "usca",
        "SaleOptOutNotice SharingOptOutNotice SensitiveDataLimitUseNotice SaleOptOut SharingOptOut"
        f" SensitiveDataProcessing*9 {_CHILD}*2 PersonalDataConsents {_MSPA}",
        _CALIFORNIA,
        opts_out=True,
    ),
    9: Layout("usva", f"{_SHARING}*8 {_CHILD} {_MSPA}"),
    10: Layout("usco", f"{_SHARING}*7 {_CHILD} {_MSPA}", _EIGHT[:7]),
    11: Layout(
        "usut",
        "SharingNotice SaleOptOutNotice TargetedAdvertisingOptOutNotice SensitiveDataProcessingOptOutNotice"
        f" SaleOptOut TargetedAdvertisingOptOut SensitiveDataProcessing*8 {_CHILD} {_MSPA}",
        _UTAH,
        opts_out=True,
    ),
    12: Layout("usct", f"{_SHARING}*8 {_CHILD}*3 {_MSPA}"),
    13: Layout("usfl", f"{_PROCESSING}*8 {_CHILD}*3 {_MORE} {_MSPA}"),
    14: Layout("usmt", f"{_SHARING}*8 {_CHILD}*3 {_MORE} {_MSPA}"),
    15: Layout("usor", f"{_PROCESSING}*11 {_CHILD}*3 {_MORE} {_MSPA}", _OREGON),
    16: Layout("ustx", f"{_PROCESSING}*8 {_CHILD} {_MORE} {_MSPA}"),
    17: Layout("usde", f"{_PROCESSING}*9 {_CHILD}*5 {_MORE} {_MSPA}", (*_EIGHT, "transgender")),
    18: Layout(
        "usia",
        "ProcessingNotice SaleOptOutNotice TargetedAdvertisingOptOutNotice SensitiveDataOptOutNotice"
        f" SaleOptOut TargetedAdvertisingOptOut SensitiveDataProcessing*8 {_CHILD} {_MSPA}",
        opts_out=True,
    ),
    19: Layout("usne", f"{_PROCESSING}*8 {_CHILD} {_MORE} {_MSPA}"),
    20: Layout("usnh", f"{_PROCESSING}*8 {_CHILD}*3 {_MORE} {_MSPA}"),
    21: Layout(
        "usnj", f"{_PROCESSING}*10 {_CHILD}*5 {_MORE} {_MSPA}", (*_EIGHT, "transgender", "financial_account")
    ),
    22: Layout("ustn", f"{_PROCESSING}*8 {_CHILD} {_MORE} {_MSPA}"),
    23: Layout("usmn", f"{_PROCESSING}*8 {_CHILD} {_MORE} {_MSPA}"),
    24: _newer("usmd", child="", categories=()),
    25: _newer("usin"),
    26: _newer("usky"),
    27: _newer("usri"),
}
"""By section id."""
