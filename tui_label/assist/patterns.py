"""Word lists and regular expressions: YAML of ours, or Prodigy's pattern files (JSON Lines).

    person:                        # a label of the project
      words: [Ada Lindqvist, Norvane]
      regex: ['\\bDr\\. \\w+']
      case: false                  # true if not given: as written
      whole-words: true            # false: also within words
      task: entities               # where several tasks have the label
    place: [Sandhome, Eastmere]    # just words

Offsets are code points.  A blank in a word list fits any white space.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tui_label.assist import tokenpatterns
from tui_label.core.text import visible
from tui_label.core.text.expressions import NO_EXPRESSION, problem_in_yaml
from tui_label.errors import AssistError

Find = Callable[[str], Iterable[tuple[int, int]]]
"""Start and end of all matches in a text."""
KEYS = ("words", "regex", "case", "whole-words", "task")
_PIECE = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for, and the label it stands for."""

    label: str
    find: Find
    line: int
    task: str = ""

    def matches(self, text: str) -> Iterator[Mapping[str, Any]]:
        for start, end in self.find(text):
            if start < end:
                only = {"tasks": [self.task]} if self.task else {}
                yield {"start": start, "end": end, "label": self.label, **only}


@dataclass(frozen=True, slots=True)
class Patterns:
    rules: tuple[Rule, ...]
    version: str
    """A hash of the file."""
    left_out: tuple[tuple[int, str], ...] = ()
    """Line and words of what is not supported."""


def load(path: str) -> tuple[Callable[[Sequence[Mapping[str, Any]]], list[Any]], str]:
    """What finds matches in items, and the file's version."""
    patterns = read(Path(path))

    def ask(items: Sequence[Mapping[str, Any]]) -> list[Any]:
        return [{"matches": list(_all(patterns.rules, item.get("text", "")))} for item in items]

    return ask, patterns.version


def _all(rules: Iterable[Rule], text: str) -> Iterator[Mapping[str, Any]]:
    for rule in rules:
        yield from rule.matches(text)


def read(path: Path) -> Patterns:
    """Raises AssistError with file and line for what is no pattern file."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise AssistError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AssistError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from error
    left_out: list[tuple[int, str]] = []
    made = _prodigy(path, text, left_out) if path.suffix == ".jsonl" else _ours(path, text)
    return Patterns(tuple(made), hashlib.sha256(data).hexdigest()[:12], tuple(left_out))


# ours


def _ours(path: Path, text: str) -> Iterator[Rule]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise _wrong(path, mark.line if mark else 0, "not valid YAML") from error
    for label, node in _pairs(path, root):
        if isinstance(node, yaml.SequenceNode):
            yield _words_rule(path, str(label.value), node, True, True, "")
            continue
        parts = {str(key.value): (key, value) for key, value in _pairs(path, node)}
        for name, (key, _) in parts.items():
            if name not in KEYS:
                raise _wrong(path, key, f"unknown key {visible(name)!r}; known are {', '.join(KEYS)}")
        case = _truth(path, parts.get("case"), True)
        task = _text(path, parts["task"][1]) if "task" in parts else ""
        if "words" in parts:
            whole = _truth(path, parts.get("whole-words"), True)
            yield _words_rule(path, str(label.value), parts["words"][1], case, whole, task)
        for one in _list(path, parts["regex"][1]) if "regex" in parts else ():
            yield Rule(str(label.value), _expression(path, one, case), one.start_mark.line + 1, task)


def _words_rule(path: Path, label: str, node: yaml.Node, case: bool, whole: bool, task: str) -> Rule:
    words = [_text(path, one) for one in _list(path, node)]
    return Rule(label, words_finder(words, case, whole), node.start_mark.line + 1, task)


def _expression(path: Path, node: yaml.Node, case: bool) -> Find:
    words = _text(path, node)
    if problem := problem_in_yaml(words):
        raise _wrong(path, node, problem)
    expression = re.compile(words, 0 if case else re.IGNORECASE)
    return lambda text: (found.span() for found in expression.finditer(text))


def _pairs(path: Path, node: yaml.Node | None) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode) or not all(isinstance(key, yaml.ScalarNode) for key, _ in node.value):
        raise _wrong(path, node, "must be a mapping: a label, and its words or `words:` and `regex:`")
    return list(node.value)


def _list(path: Path, node: yaml.Node) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        raise _wrong(path, node, "must be a list")
    return list(node.value)


def _text(path: Path, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
        raise _wrong(path, node, "must be text")
    return str(node.value)


def _truth(path: Path, pair: tuple[yaml.Node, yaml.Node] | None, default: bool) -> bool:
    if pair is None:
        return default
    if not isinstance(pair[1], yaml.ScalarNode) or pair[1].value not in ("true", "false"):
        raise _wrong(path, pair[1], "must be true or false")
    return bool(pair[1].value == "true")


def _wrong(path: Path, where: yaml.Node | int | None, words: str) -> AssistError:
    line = where if isinstance(where, int) else where.start_mark.line if where else 0
    return AssistError(f"{path}:{line + 1}: {words}")


# words


def words_finder(words: Iterable[str], case: bool, whole: bool) -> Find:
    """All places of all words; those that begin alike are looked up by what they begin with."""
    flags = 0 if case else re.IGNORECASE
    made = [(word, re.compile(r"\s+".join(map(re.escape, word.split())), flags)) for word in dict.fromkeys(words)]
    if not whole:
        return lambda text: (found.span() for _, word in made for found in word.finditer(text))
    begins: dict[str, list[re.Pattern[str]]] = defaultdict(list)
    for word, expression in made:
        begins[_begin(word.split()[0])].append(expression)

    def find(text: str) -> Iterator[tuple[int, int]]:
        for piece in _PIECE.finditer(text):
            for word in begins.get(_folded(piece.group()), ()):
                found = word.match(text, piece.start())
                if found and _stands_alone(text, *found.span()):
                    yield found.span()

    return find


def _begin(word: str) -> str:
    piece = _PIECE.match(word)
    return _folded(piece.group() if piece else word)


def _folded(piece: str) -> str:
    """The same for all that the expression of a word could fit; what does not is found out there."""
    return piece.lower().upper()


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no word goes on beyond either end; marks belong to the letter before them."""
    before = start > 0 and _in_word(text[start]) and _in_word(text[start - 1])
    after = end < len(text) and (_is_mark(text[end]) or (_in_word(text[end - 1]) and _in_word(text[end])))
    return not before and not after


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_" or _is_mark(char)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


# Prodigy's


def _prodigy(path: Path, text: str, left_out: list[tuple[int, str]]) -> Iterator[Rule]:
    """A text stands for just these words; unlike Prodigy no model cuts them into tokens."""
    words: dict[str, list[tuple[int, str]]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _wrong(path, number - 1, f"not JSON: {error}") from error
        if not isinstance(one, dict) or not isinstance(one.get("label"), str) or "pattern" not in one:
            raise _wrong(path, number - 1, "must be an object with label and pattern")
        pattern = one["pattern"]
        if isinstance(pattern, str) and pattern.strip():
            words.setdefault(one["label"], []).append((number, pattern))
            continue
        try:
            yield Rule(one["label"], _by_tokens(tokenpatterns.compile(pattern)), number)
        except tokenpatterns.Unsupported as error:
            left_out.append((number, f"not supported: {error}"))
        except NO_EXPRESSION as error:
            raise _wrong(path, number - 1, f"not a regular expression: {error}") from error
    for label, found in words.items():
        yield Rule(label, words_finder([word for _, word in found], True, True), found[0][0])


def _by_tokens(steps: Sequence[tokenpatterns.Step]) -> Find:
    return lambda text: tokenpatterns.find(steps, text)
