"""What was meant by a value that is written otherwise: dates, hours, days, lengths of time, names."""

# ruff: noqa: RUF001, RUF002 -- dashes and quotes of word processors are what is looked for

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from maitred.core.values.nearest import nearest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GROUPS = {
    **dict.fromkeys(("weekday", "weekdays", "workdays", "working days"), DAYS[:5]),
    **dict.fromkeys(("weekend", "weekends"), DAYS[5:]),
    **dict.fromkeys(("daily", "every day", "everyday", "all"), DAYS),
}
_ELSEWHERE = {
    "mon": ("montag", "lundi", "lunedi", "lunes"),
    "tue": ("dienstag", "mardi", "martedi", "martes"),
    "wed": ("mittwoch", "mercredi", "mercoledi", "miercoles"),
    "thu": ("donnerstag", "jeudi", "giovedi", "jueves"),
    "fri": ("freitag", "vendredi", "venerdi", "viernes"),
    "sat": ("samstag", "sonnabend", "samedi", "sabato", "sabado"),
    "sun": ("sonntag", "dimanche", "domenica", "domingo"),
}
"""German, French, Italian and Spanish."""
_TRUTHS = {"true": ("true", "yes", "y", "on"), "false": ("false", "no", "n", "off")}
_UNITS: Mapping[str, str] = {
    **dict.fromkeys(("w", "week", "weeks"), "w"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "h"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
}
_PERIODS = {
    **dict.fromkeys(("day", "days", "daily", "today", "per day"), "day"),
    **dict.fromkeys(("week", "weeks", "weekly", "per week"), "week"),
    **dict.fromkeys(("month", "months", "monthly", "per month"), "month"),
    **dict.fromkeys(("year", "years", "yearly", "annual", "annually", "per year"), "year"),
}
_ALWAYS = frozenset(("forever", "always", "ever", "total", "never", "unlimited", "all"))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TYPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("integer", "long", "whole", "count"), ("int",)),
    **dict.fromkeys(("float", "real", "fraction", "percent"), ("double",)),
    **dict.fromkeys(("number", "numeric"), ("int", "double")),
    **dict.fromkeys(("money", "currency", "price", "amount"), ("decimal(2)", "double")),
    **dict.fromkeys(("text", "str", "char", "varchar", "enum", "word"), ("string",)),
    **dict.fromkeys(("boolean", "flag", "yes/no"), ("bool",)),
    **dict.fromkeys(("datetime", "time", "instant"), ("timestamp",)),
    **dict.fromkeys(("list", "array", "set"), ("list<string>",)),
    **dict.fromkeys(("object", "struct", "lines", "items"), ("list<object>",)),
    **dict.fromkeys(("semver", "release"), ("version",)),
    **dict.fromkeys(("ip-address", "ipaddress", "ip_address", "inet", "network"), ("ip",)),
    **dict.fromkeys(("birthday", "day", "birthdate"), ("date",)),
    "discount": ("offer",),
    "coupon": ("offer",),
    **dict.fromkeys(("used", "bought", "redemption", "redemptions", "conversion"), ("redeemed",)),
    **dict.fromkeys(("shown", "seen", "views", "impression", "impressions", "displayed"), ("presented",)),
    **dict.fromkeys(("acceptance", "acceptances", "accepts", "clicks"), ("accepted",)),
    **dict.fromkeys(("rejection", "rejections", "rejects", "refused", "declined"), ("rejected",)),
    **dict.fromkeys((">", ">=", "more", "greater", "higher", "over", "up", "max"), ("above",)),
    **dict.fromkeys(("<", "<=", "less", "fewer", "lower", "under", "down", "min"), ("below",)),
    **dict.fromkeys(("pause", "stop", "end", "undo"), ("roll_back",)),
    **dict.fromkeys(("keep", "freeze", "stay"), ("hold",)),
    **dict.fromkeys(("yes", "true", "allowed", "ok"), ("allow",)),
    **dict.fromkeys(("no", "false", "deny", "forbid"), ("refuse",)),
    **dict.fromkeys(("insensitive", "ignored", "any", "both"), ("ignore",)),
    **dict.fromkeys(("sensitive", "strict"), ("exact",)),
}


_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("abtest", "test", "splittest", "trial", "variant", "variants", "arms"), "Experiment"),
    **dict.fromkeys(("control", "controlgroup", "holdback"), "Holdout"),
    **dict.fromkeys(("learning", "learn", "bandit", "model", "optimizer", "optimization"), "Learner"),
    **dict.fromkeys(("offer", "coupon", "promotion", "perk", "deal", "message", "service"), "Action"),
    **dict.fromkeys(("rule", "rules", "condition", "conditions", "segment"), "Eligibility"),
    **dict.fromkeys(("cap", "limit", "frequency", "contactlimit", "fatigue"), "FrequencyCap"),
    **dict.fromkeys(("stock", "inventory", "budget", "quota", "slots"), "Capacity"),
    **dict.fromkeys(("store", "stores", "sites", "shops"), "Locations"),
    **dict.fromkeys(("attributes", "fields", "schema", "customer"), "Context"),
    **dict.fromkeys(("audience", "audiences", "products"), "List"),
    **dict.fromkeys(("consent", "gdpr", "purposes", "purpose"), "Privacy"),
}
"""By what people call it, in small letters and without separators."""


def kind_of(text: str) -> str | None:
    """`Experiment` for `AB-Test`."""
    return _KINDS.get(re.sub(r"[^a-z]", "", text.casefold()))


def date_of(text: str) -> str | None:
    """`2026-12-29` for `29.12.2026`, `12/29/2026` or `29 Dec 2026`; ``None`` where it is not certain."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if re.fullmatch(r"(?:19|20)\d{6}", text.strip()):
        return _date(numbers[0] // 10_000, numbers[0] // 100 % 100, numbers[0] % 100)
    month = next((index for index, name in enumerate(_MONTHS, 1) if name in text.casefold()), None)
    if month is not None and len(numbers) == 2:  # noqa: PLR2004 - a day and a year
        day, year = sorted(numbers)
        return _date(year, month, day)
    if len(numbers) != 3:  # noqa: PLR2004 - year, month and day
        return None
    first, second, third = numbers
    if first > 31:  # noqa: PLR2004 - no day of a month
        return _date(first, second, third)
    orders = [(second, first)] if "." in text else [(first, second), (second, first)]
    dates = {candidate for month, day in orders if (candidate := _date(third, month, day))}
    return dates.pop() if len(dates) == 1 else None


def _date(year: int, month: int, day: int) -> str | None:
    year += 2000 if year < 100 else 0  # noqa: PLR2004 - `1.12.26`
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?", re.IGNORECASE)


def hours_of(text: str) -> str | None:
    """`09:00-17:00` for `9-17`, `9am to 5pm` or `9:00–17:00`."""
    clocks = [_clock(match) for match in _CLOCK.finditer(text)]
    if len(clocks) != 2:  # noqa: PLR2004 - from and until
        return None
    start, end = clocks
    past_midnight = end > "24:00"
    end = f"{int(end[:2]) - 24:02}{end[2:]}" if past_midnight else end
    return f"{start}-{end}" if start < "24:00" and end <= "24:00" else None


def _clock(match: re.Match[str]) -> str:
    hour, half = int(match[1]), (match[3] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return f"{hour:02}:{match[2] or '00'}"


def days_of(text: str) -> tuple[str, ...]:
    """`mon, tue` for `Monday and Tuesday`, `mon-tue`, `weekend`; none where it is not certain."""
    low = text.casefold().strip("()[]{} ")
    if low in _GROUPS:
        return _GROUPS[low]
    days: list[str] = []
    for part in re.split(r"\s*(?:,|;|&|\band\b|\s)\s*", low):
        ends = [_day(word) for word in re.split(r"\s*(?:-|–|to|until)\s*", part)]
        if None in ends or not 1 <= len(ends) <= 2:  # noqa: PLR2004 - a day, or from and until
            return ()
        first, last = (DAYS.index(str(ends[0])), DAYS.index(str(ends[-1])))
        days += [DAYS[index % 7] for index in range(first, last + 1 + (7 if last < first else 0))]
    return tuple(dict.fromkeys(days))


def _day(word: str) -> str | None:
    english = (day for day in DAYS if word.startswith(day) or (len(word) > 1 and day.startswith(word)))
    return next(english, None) or _day_elsewhere(word)


def _day_elsewhere(word: str) -> str | None:
    """`tue` for `Dienstag` or `mar`; ``None`` for what is one day here and another there, as `di`."""
    bare = "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))
    days = {day for day, names in _ELSEWHERE.items() if any(name.startswith(bare) for name in names)}
    return days.pop() if len(days) == 1 and len(bare) > 1 else None


def duration_of(value: object) -> str | None:
    """`20m` for `20 minutes`; days for a bare whole number; `7d` for `week`."""
    text = str(value).strip()
    text = text.casefold() if not text.endswith("M") else f"{text[:-1]} month"
    match = re.fullmatch(r"(\d{1,6})?\s*([a-z]*)", text)
    if not match or not text:
        return None
    count = int(match[1] or 1)
    if not match[2]:
        return f"{count}d"
    if match[2] in _UNITS:
        return (
            f"{count}{_UNITS[match[2]]}"
            if match[1]
            else {"w": "7d"}.get(_UNITS[match[2]], f"1{_UNITS[match[2]]}")
        )
    days = {"month": 30, "months": 30, "mo": 30, "year": 365, "years": 365, "y": 365}.get(match[2])
    return f"{count * days}d" if days else None


def window_of(text: str) -> str | None:
    """`{rolling: 7d}` for `7 days`, `{calendar: week}` for `weekly`, `lifetime` for `forever`."""
    low = text.casefold().strip()
    if low in _PERIODS:
        return f"{{calendar: {_PERIODS[low]}}}"
    if low in _ALWAYS:
        return "lifetime"
    duration = duration_of(low) if re.match(r"\d+\s*[a-z]", low) else None
    return f"{{rolling: {duration}}}" if duration else None


def period_of(text: str) -> str | None:
    """`week` for `weekly`."""
    return _PERIODS.get(text.casefold().strip())


def number_of(text: str) -> str | None:
    """`1000` for `1,000` or `"1000"`, `5` for `5%`."""
    plain = re.sub(r"(?<=\d)[,'’ _](?=\d{3})", "", text.strip().rstrip("%").strip())
    return plain if re.fullmatch(r"-?\d{1,18}", plain) else None


def decimal_of(text: str) -> str | None:
    """`2.5` for `2.5%`, `2,5` or `"2.5"`; whole numbers as ``number_of``."""
    plain = text.strip().rstrip("%").strip()
    match = re.fullmatch(r"(-?\d{1,9})[.,](\d{1,2}|(?<=\.)\d{3,9})", plain)
    return f"{match[1]}.{match[2]}" if match else number_of(text)


def prior_of(value: object) -> str | None:
    """`{successes: 1, failures: 49}` for `0.02`, `2%` or `[1, 49]`."""
    if isinstance(value, list):
        whole = len(value) == 2 and all(type(part) is int and part > 0 for part in value)  # noqa: PLR2004
        return f"{{successes: {value[0]}, failures: {value[1]}}}" if whole else None
    number = decimal_of(str(value))
    share = Decimal(number) / (100 if "%" in str(value) else 1) if number else Decimal(0)
    return f"{{successes: 1, failures: {round(1 / share) - 1}}}" if 0 < share <= Decimal("0.5") else None


def hundredth_of(text: str) -> str | None:
    """`0.5` for `50`; ``None`` where that is no share from 0 to 1."""
    share = Decimal(text) / 100
    return f"{share.normalize():f}" if 0 <= share <= 1 else None


def value_of(what: str, text: str) -> str | None:
    """The number or truth that was meant by a text: `5` for `5%`, `true` for `yes`."""
    if what == "`true` or `false`":
        return truth_of(text)
    if what == "a number":
        return decimal_of(text)
    return number_of(text) if what == "a whole number" else None


def truth_of(text: str) -> str | None:
    """`true` for `yes` or `"true"`."""
    low = text.strip().casefold()
    return next((truth for truth, words in _TRUTHS.items() if low in words), None)


def language_of(tag: str) -> str | None:
    """`de-CH` for `de_ch`, `en` for `EN`."""
    match = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}))?", tag.strip())
    if not match:
        return None
    return match[1].lower() + (f"-{match[2].upper()}" if match[2] else "")


def name_of(text: str, blank: str = "-") -> str | None:
    """`winter-offer` for `Winter Offer`, or with another sign between the words."""
    other = {"-": r"[^a-z0-9_-]+", "_": r"[^a-z0-9_]+"}[blank]
    name = re.sub(other, blank, text.strip().casefold()).strip(blank)
    return name if name and name.isascii() and text.isascii() and name != text else None


def words_of(text: str, known: frozenset[str]) -> tuple[str, ...]:
    """Known words that one of another language or trade stands for: `int` for `integer`."""
    if match := re.fullmatch(r"(?:list|array) ?(?:of|\[|\() ?(\w+?)s?[\])]?|(\w+)\[\]", text.casefold()):
        inner = match[1] or match[2]
        return tuple(name for name in (f"list<{inner}>", *words_of(inner, known)) if name in known)[:1]
    meant = (*_TYPES.get(text.casefold(), ()), *filter(None, (period_of(text),)))
    return tuple(word for word in meant if word in known)


def list_of(text: str, known: Iterable[str] = ()) -> str | None:
    """`[pos, mobile]` for `pos, mobile`, `(pos, mobile)` or `pos`; ``None`` where texts need quotes."""
    words = re.split(r"\s*[,;]\s*", text.strip().strip("()[]{}").strip())
    parts = [word if word in known else next(iter(nearest(word, known)), word) for word in words]
    return f"[{', '.join(parts)}]" if all(re.fullmatch(r"[\w.-]+", part) for part in parts) else None
