"""YAML as nodes, and nodes as values: whatever is wrong is noted with its line and field, and reading goes on.

Nodes and not Python values: lines are known, and a label written `no` is the label "no", not False.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import yaml

from tui_label.core.text import nearest, visible
from tui_label.core.timing import DAY_MS, HOUR_MS, MINUTE_MS
from tui_label.errors import ConfigError

UNITS = {"ms": 1, "s": 1000, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
LARGEST = 1_000_000
LONGEST = 1_000_000
"""Characters of a file: so many take half a minute, and who works would wait for more."""
LONGEST_MS = 3650 * DAY_MS
"""Added to a time of today it is still one that every calendar and database knows."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")

Node = yaml.nodes.Node


@dataclass
class Reader:
    """Collects mistakes; its methods turn nodes into values or note why they can't."""

    problems: list[tuple[int, str]] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    """Lines of labels and keys, for mistakes found later."""

    def wrong(self, node: Node, where: str, words: str) -> None:
        self.problems.append((line_of(node), f"{where}: {words}"))

    def section(self, node: Node, where: str, known: Sequence[str]) -> Section:
        return Section(self, node, where, self.mapping(node, where, known))

    def mapping(self, node: Node, where: str, known: Sequence[str] | None = None) -> dict[str, Node]:
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, where or "project", "must be a mapping of `key: value` lines")
            return {}
        found: dict[str, Node] = {}
        for key_node, value in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            if key in found:
                self.wrong(key_node, f"{where}.{key}".lstrip("."), "is there twice; keep one")
            elif known is not None and key not in known:
                self.wrong(key_node, where or "project", f"unknown key {visible(key)!r}; {hint(key, known)}")
            else:
                found[key] = value
        return found

    def sequence(self, node: Node, where: str) -> list[Node]:
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(node, where, "must be a list")
            return []
        return list(node.value)

    def text(self, node: Node, where: str, most: int = 10_000) -> str:
        if not isinstance(node, yaml.ScalarNode) or (not node.value and node.style is None):
            self.wrong(node, where, "must be text")
            return ""
        if len(node.value) > most:
            self.wrong(node, where, f"is longer than {most} characters")
        return str(node.value)

    def texts(self, node: Node, where: str) -> tuple[str, ...]:
        """One, or a list of them."""
        return tuple(self.text(one, where) for one in one_or_more(node))

    def one_of(self, node: Node, where: str, allowed: Sequence[str], default: str) -> str:
        before = len(self.problems)
        value = self.text(node, where)
        if value in allowed:
            return value
        if len(self.problems) == before:
            self.wrong(node, where, f"{visible(value)!r} is unknown; {hint(value, allowed)}")
        return default

    def whole(self, node: Node, where: str, least: int, default: int) -> int:
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        if re.fullmatch(r"\d{1,9}", str(value)) and least <= int(value) <= LARGEST:
            return int(value)
        # As a float, since int refuses thousands of digits
        is_too_large = str(value).isdecimal() and float(value) > LARGEST
        limits = f"from {least} to {LARGEST:,}" if is_too_large else f"of at least {least}"
        self.wrong(node, where, f"must be a whole number {limits}")
        return default

    def truth(self, node: Node, where: str) -> bool:
        if isinstance(node, yaml.ScalarNode) and node.value in ("true", "false"):
            return bool(node.value == "true")
        self.wrong(node, where, "must be true or false")
        return False

    def duration_ms(self, node: Node, where: str, default: int) -> int:
        found = _DURATION.fullmatch(str(node.value)) if isinstance(node, yaml.ScalarNode) else None
        if not found:
            self.wrong(node, where, "must be a time such as 400ms, 60s, 5m or 1h")
            return default
        ms = float(found[1]) * UNITS[found[2]]
        if not 1 <= ms <= LONGEST_MS:
            self.wrong(node, where, f"must be a time from 1ms to {LONGEST_MS // DAY_MS}d")
            return default
        return round(ms)


@dataclass
class Section:
    """A mapping at a place: what each of its keys says, or a default where it is not there."""

    reader: Reader
    node: Node
    where: str
    nodes: dict[str, Node]

    def __contains__(self, key: str) -> bool:
        return key in self.nodes

    def __getitem__(self, key: str) -> Node:
        return self.nodes[key]

    def place(self, key: str) -> str:
        return f"{self.where}.{key}"

    def wrong(self, key: str, words: str) -> None:
        """Of a key; of the mapping, if it is not there."""
        self.reader.wrong(self.nodes.get(key, self.node), self.place(key), words)

    def sequence(self, key: str) -> list[Node]:
        return self.reader.sequence(self[key], self.place(key)) if key in self else []

    def text(self, key: str, most: int = 10_000) -> str:
        return self.reader.text(self[key], self.place(key), most) if key in self else ""

    def one_of(self, key: str, allowed: Sequence[str], default: str) -> str:
        return self.reader.one_of(self[key], self.place(key), allowed, default) if key in self else default

    def whole(self, key: str, least: int, default: int) -> int:
        return self.reader.whole(self[key], self.place(key), least, default) if key in self else default

    def truth(self, key: str, default: bool) -> bool:
        return self.reader.truth(self[key], self.place(key)) if key in self else default

    def duration_ms(self, key: str, default: int) -> int:
        return self.reader.duration_ms(self[key], self.place(key), default) if key in self else default

    def number(
        self, key: str, pattern: str, words: str, least: float = float("-inf"), most: float = float("inf")
    ) -> float | None:
        """What the first group of `pattern` matches; `words` say what it must be."""
        if key not in self:
            return None
        node = self[key]
        found = re.fullmatch(pattern, node.value) if isinstance(node, yaml.ScalarNode) else None
        if not found or not least <= float(found[1]) <= most:
            self.wrong(key, words)
            return None
        return float(found[1])

    def share(self, key: str, default: float, words: str = "must be a share such as 10%") -> float:
        """`10%` as 0.1."""
        percent = self.number(key, r"(\d{1,3}(?:\.\d+)?)\s*%", words, most=100)
        return default if percent is None else percent / 100


def compose(text: str, name: str) -> Node | None:
    """The one document of a file; raises ConfigError where it is not YAML."""
    if len(text) > LONGEST:
        raise ConfigError(f"{name}:1: {len(text):,} characters, too many for one; is it another file by that name?")
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.AliasToken):
                number = token.start_mark.line + 1
                raise ConfigError(f"{name}:{number}: aliases (*{token.value}) are not supported; write it out")
        node: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        number = mark.line + 1 if mark else text[: getattr(error, "position", 0) or 0].count("\n") + 1
        reason = visible(str(getattr(error, "problem", None) or getattr(error, "reason", "") or "not YAML"))
        raise ConfigError(f"{name}:{number}: not valid YAML: {reason}{_mended(error)}") from error
    except (RecursionError, ValueError) as error:
        raise ConfigError(f"{name}:1: not valid YAML: nested too deeply or broken") from error
    return node


def _mended(error: yaml.YAMLError) -> str:
    """What most often mends it: sentences have signs in them that YAML takes for its own."""
    mark = getattr(error, "problem_mark", None)
    if mark is None or mark.buffer is None or mark.buffer[mark.pointer] == "\0":
        return ""
    if mark.buffer[mark.pointer] == "\t":
        return "; begin lines with blanks, not with tabs"
    return "; words with signs such as : ? @ in them belong in quotes"


def line_of(node: Node) -> int:
    return int(node.start_mark.line) + 1


def one_or_more(node: Node) -> list[Node]:
    """What a list holds, or the one thing that stands there instead."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]


def hint(word: str, known: Sequence[str]) -> str:
    """What to write in place of a word that is unknown."""
    near = nearest(word, known)
    return f"did you mean {near}?" if near else f"known are {', '.join(known)}"


def has_control(words: str) -> bool:
    """Whether something in it moves the cursor, turns the text around, or is no character at all."""
    return bool(_CONTROL.search(words))


def is_line(words: str) -> bool:
    """Whether it can be shown on one line, and is more than blanks."""
    return bool(words.strip()) and not has_control(words)
