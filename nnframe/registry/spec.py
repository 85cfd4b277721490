"""Names as users write them: ``relu``, ``leaky_relu(alpha=0.2)``, ``nnframe-swish/swish``."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple, TypeAlias

from nnframe.contracts.parameters import WORDS
from nnframe.contracts.plugin import NAME_PATTERN
from nnframe.errors import ArgumentError, shown
from nnframe.registry.provider import Provider

TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<word>[^\s()=,'"]+)|(?P<sign>[()=,]))\s*"""
)
NAME = re.compile(rf"(?:(?P<provider>{NAME_PATTERN.pattern})\s*/\s*)?(?P<name>{NAME_PATTERN.pattern})")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
# Deeper nesting would only come from a malicious file.
DEEPEST = 20
VALUES = (
    "a number, true, false, none, a word, text in quotes, numbers in brackets such as (0.1, 0.9), or another plugin"
)

# A parsed value; a word or a Spec may refer to a plugin.
Value: TypeAlias = "bool | int | float | str | tuple[int | float, ...] | Spec | None"


class Spec(NamedTuple):
    """A parsed name.

    Attributes
    ----------
    provider : str or None
        The distribution or module before the slash.
    name : str
        In lower case.
    parameters : dict
        Those set in brackets.
    """

    provider: str | None
    name: str
    parameters: dict[str, Value]

    @property
    def qualified_name(self) -> str:
        """Provider and name, without parameters."""
        return f"{self.provider}/{self.name}" if self.provider else self.name

    def admits(self, provider: Provider) -> bool:
        """Whether the name can refer to a provider's objects."""
        return self.provider is None or provider.matches(self.provider)


def parse_spec(text: str) -> Spec:
    """Parse ``"provider/name(key=value, ...)"``; provider and brackets are optional.

    A value is a number as Python writes it, true, false, none, a word, text in quotes, a tuple of numbers, or another
    name with parameters. Nothing is evaluated.

    Raises
    ------
    ArgumentError
        If the text has another form, or a parameter is set twice.
    """
    before, bracket, _ = text.partition("(")
    match = NAME.fullmatch(before.strip())
    if not match:
        raise _not_a_name(text)
    if not bracket:
        return Spec(match["provider"], match["name"].lower(), {})
    reader = _Reader(text, len(before) + 1)
    spec = Spec(match["provider"], match["name"].lower(), reader.parameters(depth=1))
    if reader.sign is not None or reader.value is not None:
        raise _not_a_name(text)
    return spec


class _Reader:
    """Reads the text in brackets, token by token; `sign` or `value` is the next one."""

    def __init__(self, text: str, position: int) -> None:
        self._text, self._position = text, position
        self._next()

    def parameters(self, depth: int) -> dict[str, Value]:
        """Return the parameters up to the closing bracket."""
        if depth > DEEPEST:
            raise ArgumentError(f"{shown(self._text)} has more than {DEEPEST} names in one another; use fewer")
        found: dict[str, Value] = {}
        while self.sign != ")":
            key = self.value
            if key is None or not key.isidentifier():
                raise self._unfit(
                    f"{self._seen()} is not the name of a parameter; expected key=value, as in 'alpha=0.2'"
                )
            self._next()
            if self.sign != "=":
                raise self._unfit(f"{key!r} sets no parameter; expected key=value, as in 'alpha=0.2'")
            self._next()
            if key in found:
                raise self._unfit(f"the parameter {key} is set twice; set it once")
            found[key] = self._read_value(key, depth)
            if self.sign == ",":
                self._next()
            elif self.sign != ")":
                raise self._unfit(f"{self._seen()} stands behind the value of {key}; expected ',' or ')'")
        self._next()
        return found

    def _read_value(self, key: str, depth: int) -> Value:
        if self.sign == "(":
            return self._numbers(key)
        word = self.value
        if word is None:
            raise self._unfit(f"the parameter {key} has no value; expected {VALUES}")
        self._next()
        if word[0] in "'\"":
            return self._unquoted(key, word)
        if self.sign == "(":
            match = NAME.fullmatch(word)
            if not match:
                raise self._unfit(f"parameter {key} is {word!r}, which is not a name; expected {VALUES}")
            self._next()
            return Spec(match["provider"], match["name"].lower(), self.parameters(depth + 1))
        if word.lower() in WORDS:
            return WORDS[word.lower()]
        number = _number(word)
        if number is not None:
            return number
        if not WORD.fullmatch(word):
            raise self._unfit(f"parameter {key} is {word!r}; expected {VALUES}")
        return word

    def _numbers(self, key: str) -> tuple[int | float, ...]:
        self._next()
        numbers: list[int | float] = []
        while self.sign != ")":
            number = _number(self.value) if self.value is not None else None
            if number is None:
                raise self._unfit(f"parameter {key} has {self._seen()} in brackets; expected numbers, as in (0.1, 0.9)")
            numbers.append(number)
            self._next()
            if self.sign == ",":
                self._next()
            elif self.sign != ")":
                raise self._unfit(f"{self._seen()} stands behind {number!r}; expected ',' or ')'")
        self._next()
        return tuple(numbers)

    def _unquoted(self, key: str, quoted: str) -> str:
        try:
            text = ast.literal_eval(quoted)
        except (SyntaxError, ValueError):
            raise self._unfit(f"parameter {key} is {quoted}, which is not text as Python writes it") from None
        assert isinstance(text, str)
        return text

    def _next(self) -> None:
        self.sign: str | None = None
        self.value: str | None = None
        if self._position == len(self._text):
            return
        match = TOKEN.match(self._text, self._position)
        if match is None:
            # An unbalanced quotation mark, or only blanks.
            raise _not_a_name(self._text)
        self._position = match.end()
        self.sign, self.value = match["sign"], match["text"] or match["word"]

    def _seen(self) -> str:
        return repr(self.value or self.sign) if self.value or self.sign else "the end"

    def _unfit(self, what: str) -> ArgumentError:
        return ArgumentError(f"{shown(self._text)}: {what}")


def _number(word: str) -> int | float | None:
    for number in (int, float):
        try:
            return number(word)
        except ValueError:
            continue
    return None


def _not_a_name(text: str) -> ArgumentError:
    return ArgumentError(
        f"{shown(text)} is not a name; expected letters, digits, '_', '-' and '.', with parameters in brackets where "
        f"there are any: 'relu', 'leaky_relu(alpha=0.2)' or 'distribution/name'"
    )
