"""Scores that read learned shares, to arithmetic over what they read."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from maitred.core.learning.formulas import Combined, Formula, Share

from . import messages
from .declarations import SHARE
from .evaluation import finite
from .fold import Folder
from .shared_parts import Parts
from .tree import Call, Name, Node, walk

_SIGNS = {"_+_": "+", "_-_": "-", "_*_": "*", "_/_": "/"}


@dataclass(frozen=True, slots=True)
class Formulas:
    """Takes one unit apart. ``learned`` are the variables that stand for learners, by these."""

    folder: Folder
    parts: Parts
    learned: Mapping[str, str]

    def formula(self, node: Node) -> Formula:
        """The formula of a node. Raises ``ExpressionError`` where it is no plain arithmetic."""
        unit = self.folder.unit
        if unit.type_of(node) != SHARE:
            return self._number(node)
        match node:
            case Name(name=name):
                return Share(next(learner for learner, variable in self.learned.items() if variable == name))
            case Call(function="-_", args=(operand,)):
                return Combined("-", 0.0, self.formula(operand))
            case Call(function=function, args=(left, right)) if function in _SIGNS:
                return Combined(_SIGNS[function], self.formula(left), self.formula(right))
        raise unit.error(node, messages.only_reckoning())

    def check_free(self, node: Node) -> None:
        """Raises ``ExpressionError`` where a share is read somewhere in a node that is none."""
        variables = set(self.learned.values())
        for part in walk(node) if variables else ():
            if isinstance(part, Name) and part.name in variables:
                raise self.folder.unit.error(part, messages.only_reckoning())

    def _number(self, node: Node) -> Formula:
        self.check_free(node)
        value = self.folder.value(node)
        if isinstance(value, int | float | Decimal):
            number = finite(float(value))
            if isinstance(number, float):
                return number
        return self.parts.number(node, self.folder)
