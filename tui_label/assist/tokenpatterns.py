"""spaCy's token patterns, as Prodigy's pattern files have them: as far as they need no model.

A pattern is a list with an object for each token: attributes that must hold, and perhaps `OP`.  Tokens are
ours (`core.tokens`): contractions are one token, where spaCy cuts them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tui_label.core.text.tokens import tokens_between

Test = Callable[[str], bool]
"""Whether a token, given as its text, fits."""
Step = tuple[Test, int, float]
"""A test, and how many tokens in a row it takes, at least and at most; at most 0: none may fit."""


class Unsupported(Exception):
    """What of a pattern needs a model, as words."""


def _shape(token: str) -> str:
    """spaCy's: `Xxxxx` for Sandhome; runs of one sign are cut after four."""
    signs = "".join("d" if c.isdigit() else ("X" if c.isupper() else "x") if c.isalpha() else c for c in token)
    return re.sub(r"(.)\1{4,}", lambda run: run[1] * 4, signs)


TEXTS: Mapping[str, Callable[[str], str]] = {
    "ORTH": str,
    "TEXT": str,
    "LOWER": str.lower,
    "SHAPE": _shape,
}
FLAGS: Mapping[str, Test] = {
    "IS_ALPHA": str.isalpha,
    "IS_ASCII": str.isascii,
    "IS_DIGIT": str.isdigit,
    "IS_LOWER": str.islower,
    "IS_UPPER": str.isupper,
    "IS_TITLE": str.istitle,
    "IS_PUNCT": lambda token: bool(token) and not any(char.isalnum() or char.isspace() for char in token),
    "LIKE_NUM": lambda token: bool(re.fullmatch(r"[+-]?\d[\d,.]*(/\d+)?", token)),
    "LIKE_URL": lambda token: bool(re.fullmatch(r"(https?://|www\.)\S+", token)),
    "LIKE_EMAIL": lambda token: bool(re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", token)),
}
TIMES: Mapping[str, tuple[int, float]] = {
    "1": (1, 1),
    "?": (0, 1),
    "*": (0, float("inf")),
    "+": (1, float("inf")),
    "!": (1, 0),
}
COMPARED: Mapping[str, Callable[[int, int], bool]] = {
    "==": int.__eq__,
    "!=": int.__ne__,
    ">=": int.__ge__,
    "<=": int.__le__,
    ">": int.__gt__,
    "<": int.__lt__,
}


def compile(pattern: Any) -> Sequence[Step]:
    """Raises Unsupported with what is none, or needs a model; one of NO_EXPRESSION for an expression that is none."""
    if not isinstance(pattern, list) or not pattern or not all(isinstance(one, dict) for one in pattern):
        raise Unsupported("a pattern must be a text, or a list of objects, one for each token")
    return [_step(one) for one in pattern]


def _step(token: Mapping[str, Any]) -> Step:
    tests: list[Test] = []
    times = TIMES["1"]
    for name, wanted in token.items():
        key = name.upper()
        if key == "OP":
            if not isinstance(wanted, str) or wanted not in TIMES:
                raise Unsupported(f"OP {wanted!r}")
            times = TIMES[wanted]
        elif key == "REGEX":
            tests.append(_searched(str, wanted))
        elif key == "LENGTH":
            tests.append(_length(wanted))
        elif key in TEXTS:
            tests.append(_text(name, TEXTS[key], wanted))
        elif key in FLAGS:
            tests.append(_flag(FLAGS[key], bool(wanted)))
        else:
            raise Unsupported(f"the token attribute {name}")
    if times == TIMES["!"]:
        return (lambda token: not all(test(token) for test in tests)), 1, 1
    return (lambda token: all(test(token) for test in tests)), *times


def _text(name: str, read: Callable[[str], str], wanted: Any) -> Test:
    if isinstance(wanted, str):
        return lambda token: read(token) == wanted
    if not isinstance(wanted, dict) or not wanted:
        raise Unsupported(f"{name} {wanted!r}")
    tests = [_predicate(name, read, key, value) for key, value in wanted.items()]
    return lambda token: all(test(token) for test in tests)


def _predicate(name: str, read: Callable[[str], str], key: str, wanted: Any) -> Test:
    if key == "REGEX":
        return _searched(read, wanted)
    if key in ("IN", "NOT_IN") and isinstance(wanted, list):
        among = frozenset(str(one) for one in wanted)
        return lambda token: (read(token) in among) == (key == "IN")
    raise Unsupported(f"{name} with {key}")


def _searched(read: Callable[[str], str], wanted: Any) -> Test:
    expression = re.compile(str(wanted))
    return lambda token: expression.search(read(token)) is not None


def _flag(test: Test, wanted: bool) -> Test:
    return lambda token: test(token) == wanted


def _length(wanted: Any) -> Test:
    limits = {"==": wanted} if isinstance(wanted, int) else wanted
    if not isinstance(limits, dict) or not all(
        sign in COMPARED and isinstance(one, int) for sign, one in limits.items()
    ):
        raise Unsupported(f"LENGTH {wanted!r}")
    return lambda token: all(COMPARED[sign](len(token), one) for sign, one in limits.items())


def find(steps: Sequence[Step], text: str) -> list[tuple[int, int]]:
    """The longest match at each token, without those that lie within the one before."""
    tokens = tokens_between(text, 0, len(text))
    words = [text[start:end] for start, end in tokens]
    found: list[tuple[int, int]] = []
    last = 0
    for first in range(len(tokens)):
        end = _longest(steps, words, first)
        if end > max(first, last):
            found.append((tokens[first][0], tokens[end - 1][1]))
            last = end
    return found


def _longest(steps: Sequence[Step], words: Sequence[str], first: int) -> int:
    """The index after the last token of the longest match that begins at `first`; -1 where there is none.

    All places that can be reached are followed at once, so that no pattern takes more than steps × tokens.
    """
    places = {first}
    for test, least, most in steps:
        reached: set[int] = set()
        for place in sorted(places):
            taken = 0
            while True:
                if taken >= least:
                    if most > 1 and place in reached:
                        # An earlier place came by here, and went as far as this one would
                        break
                    reached.add(place)
                if taken >= most or place >= len(words) or not test(words[place]):
                    break
                place += 1
                taken += 1
        places = reached
    return max(places, default=-1)
