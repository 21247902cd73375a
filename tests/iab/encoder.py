"""A tiny encoder of consent strings, so that decoding is tested on any machine."""

from datetime import UTC, datetime

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Encoder:
    def number(self, value, width):
        assert 0 <= value < 1 << width
        return f"{value:0{width}b}" if width else ""

    def places(self, numbers, count):
        return "".join("1" if place in numbers else "0" for place in range(1, count + 1))

    def letters(self, text):
        return "".join(self.number(ord(letter) - ord("A"), 6) for letter in text)

    def instant(self, value):
        return self.number(round((value - EPOCH).total_seconds() * 10), 36)

    def text(self, bits):
        bits += "0" * (-len(bits) % 6)
        return "".join(ALPHABET[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))

    def fibonacci(self, value):
        numbers = [1, 2]
        while numbers[-1] <= value:
            numbers.append(numbers[-1] + numbers[-2])
        digits = ""
        for number in reversed(numbers):
            is_in = number <= value
            value -= number if is_in else 0
            digits = ("1" if is_in else "0") + digits
        return digits.rstrip("0") + "1"

    def runs(self, ids):
        ranges: list[list[int]] = []
        for one in sorted(ids):
            if ranges and ranges[-1][1] == one - 1:
                ranges[-1][1] = one
            else:
                ranges.append([one, one])
        return ranges

    def ranges(self, ids):
        runs = self.runs(ids)
        parts = [
            "0" + self.number(start, 16)
            if start == end
            else "1" + self.number(start, 16) + self.number(end, 16)
            for start, end in runs
        ]
        return self.number(len(runs), 12) + "".join(parts)

    def fibonacci_ranges(self, ids):
        bits, last = self.number(len(self.runs(ids)), 12), 0
        for start, end in self.runs(ids):
            bits += "01"[start < end] + self.fibonacci(start - last)
            bits += self.fibonacci(end - start) if start < end else ""
            last = end
        return bits

    def vendors(self, ids, *, as_ranges, ranges=None):
        highest = max(ids, default=0)
        body = (ranges or self.ranges)(ids) if as_ranges else self.places(ids, highest)
        return self.number(highest, 16) + "01"[as_ranges] + body

    def restrictions(self, rules):
        parts = [self.number(rule[0], 6) + self.number(rule[1], 2) + self.ranges(rule[2]) for rule in rules]
        return self.number(len(rules), 12) + "".join(parts)

    def tcf(
        self,
        *,
        updated,
        purposes=frozenset(),
        interests=frozenset(),
        features=frozenset(),
        vendors=frozenset(),
        vendor_interests=frozenset(),
        rules=(),
        cmp_id=5,
        policy=4,
        as_ranges=False,
        disclosed=None,
        own=None,
        version=2,
    ):
        core = (
            self.number(version, 6) + self.instant(updated) * 2 + self.number(cmp_id, 12) + self.number(3, 12)
        ) + (self.number(1, 6) + self.letters("EN") + self.number(77, 12) + self.number(policy, 6) + "10")
        core += self.places(features, 12) + self.places(purposes, 24) + self.places(interests, 24)
        core += "0" + self.letters("IT") + self.vendors(vendors, as_ranges=as_ranges)
        core += self.vendors(vendor_interests, as_ranges=as_ranges) + self.restrictions(rules)
        segments = [core]
        if disclosed is not None:
            segments.append("001" + self.vendors(disclosed, as_ranges=as_ranges))
        if own is not None:
            segments.append("011" + self.places(own, 24) + self.places(frozenset(), 24) + self.number(0, 6))
        return ".".join(self.text(segment) for segment in segments)

    def gpp(self, sections):
        header = self.number(3, 6) + self.number(1, 6) + self.fibonacci_ranges(sections)
        return "~".join([self.text(header), *(sections[one] for one in sorted(sections))])

    def answers(self, *answers, version=1, gpc=None):
        core = self.text(self.number(version, 6) + "".join(self.number(answer, 2) for answer in answers))
        return core if gpc is None else f"{core}.{self.text('01' + '01'[gpc])}"
