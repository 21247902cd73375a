"""Rules that want to take long: expressions at random, chained and nested.

They read `c.age`, `c.name`, `c.note`, `b.words`, `b.other` and `list.some`.
"""

import random
from collections.abc import Callable


class HostileRules:
    """Writes expressions of a type at random, the deeper the dearer."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._variables = 0

    def condition(self, depth: int) -> str:
        return self._pick(
            lambda: f"{self.number(depth - 1)} > {self.number(depth - 1)}",
            lambda: f"{self.text(depth - 1)} == {self.text(depth - 1)}",
            lambda: f"{self.text(depth - 1)}.contains({self.text(depth - 1)})",
            lambda: f"({self.condition(depth - 1)} && {self.condition(depth - 1)})",
            lambda: (
                f"({self.condition(depth - 1)} || {self.condition(depth - 1)})" if depth > 0 else "c.age > 1"
            ),
            lambda: self._macro(depth, "exists"),
            lambda: self._macro(depth, "all"),
            lambda: f"{self.texts(depth - 1)} == {self.texts(depth - 1)}",
            depth=depth,
            plain="c.age + 1 > 3",
        )

    def _macro(self, depth: int, name: str) -> str:
        over, variable = self.texts(depth - 1), self._variable()
        body = self._pick(
            lambda: f"{variable} + {self.text(depth - 2)} == {self.text(depth - 2)}",
            lambda: f"{variable} in {self.texts(depth - 2)}",
            lambda: f'{variable}.matches("^(a|b)+{variable}$")',
            lambda: f"{variable}.size() > 9999",
            depth=depth,
            plain=f"{variable}.startsWith('zz')",
        )
        return f"{over}.{name}({variable}, {body})"

    def texts(self, depth: int) -> str:
        variable = self._variable()
        return self._pick(
            lambda: f"{self.texts(depth - 1)}.map({variable}, {variable} + {variable})",
            lambda: f"{self.texts(depth - 1)}.map({variable}, {variable})",
            lambda: f"{self.texts(depth - 1)}.filter({variable}, {variable} != 'a')",
            lambda: f"({self.texts(depth - 1)} + {self.texts(depth - 1)})",
            lambda: f"[{self.text(depth - 1)}, {self.text(depth - 1)}]",
            depth=depth,
            plain=self._random.choice(["b.words", "b.other", "list.some", '["a", "b"]']),
        )

    def text(self, depth: int) -> str:
        return self._pick(
            lambda: f"({self.text(depth - 1)} + {self.text(depth - 1)})",
            lambda: f"({self.condition(depth - 1)} ? {self.text(depth - 1)} : {self.text(depth - 1)})",
            lambda: f"string({self.number(depth - 1)})",
            depth=depth,
            plain=self._random.choice(["c.name", "c.note", '"x"']),
        )

    def number(self, depth: int) -> str:
        return self._pick(
            lambda: f"size({self.texts(depth - 1)})",
            lambda: f"size({self.text(depth - 1)})",
            lambda: f"({self.number(depth - 1)} + {self.number(depth - 1)})",
            depth=depth,
            plain=self._random.choice(["c.age", "3"]),
        )

    def _variable(self) -> str:
        self._variables += 1
        return f"v{self._variables}"

    def _pick(self, *choices: Callable[[], str], depth: int, plain: str) -> str:
        return plain if depth <= 0 else self._random.choice(choices)()
