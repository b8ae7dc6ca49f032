"""The rules of a transcript, as a `text` or `segments` task has them under `transcript`."""

from __future__ import annotations

import re

import yaml

from tui_label.config.nodes import Node, Reader, Section, is_line
from tui_label.core.text import visible
from tui_label.core.text.expressions import problem_in_yaml
from tui_label.core.transcript import Pattern, Style

STYLE = (
    "tags", "short-forms", "speakers", "case", "numbers", "forbid", "speaker-prefix", "most-words-per-second",
    "patterns", "enforce",
)  # fmt: skip
PATTERN = ("match", "say", "fix")


def style(reader: Reader, node: Node, where: str) -> Style:
    section = reader.section(node, where, STYLE)
    plain = Style()
    return Style(
        tags=_words(section, "tags"),
        short_forms=_short_forms(section),
        speakers=_words(section, "speakers"),
        case=section.one_of("case", ("lower", "upper", "any"), plain.case),
        numbers=section.one_of("numbers", ("words", "digits", "any"), plain.numbers),
        forbid=section.text("forbid", 200),
        speaker_prefix=section.truth("speaker-prefix", plain.speaker_prefix),
        words_per_second=section.number(
            "most-words-per-second", r"(?=.*[1-9])(\d{1,3}(?:\.\d+)?)", "must be a number such as 6"
        ),
        patterns=_patterns(section),
        enforce=section.one_of("enforce", ("warn", "refuse"), plain.enforce),
    )


def _words(section: Section, key: str) -> tuple[str, ...]:
    nodes, where = section.sequence(key), section.place(key)
    found = tuple(section.reader.text(one, where, 60) for one in nodes)
    for one, word in zip(nodes, found, strict=True):
        if not is_line(word) or "[" in word or "]" in word:
            section.reader.wrong(one, where, "must be a word on one line, without brackets")
        elif found.count(word) > 1:
            section.reader.wrong(one, where, f"{visible(word)} is there twice")
    return found


def _short_forms(section: Section) -> dict[str, str]:
    if "short-forms" not in section:
        return {}
    reader, where = section.reader, section.place("short-forms")
    found = {}
    for short, value in reader.mapping(section["short-forms"], where).items():
        if not short or any(char.isspace() for char in short):
            reader.wrong(value, where, f"{visible(short)!r} must be typed without spaces")
        found[short] = reader.text(value, where, 1000)
    return found


def _patterns(section: Section) -> tuple[Pattern, ...]:
    read = (_pattern(section.reader, one, section.place("patterns")) for one in section.sequence("patterns"))
    return tuple(one for one in read if one is not None)


def _pattern(reader: Reader, node: Node, where: str) -> Pattern | None:
    section = reader.section(node, where, PATTERN)
    match, say = section.text("match", 1000), section.text("say", 200)
    # What replaces a match may be nothing at all
    has_fix = "fix" in section and isinstance(section["fix"], yaml.ScalarNode)
    fix = str(section["fix"].value) if has_fix else None
    if not match or not say:
        reader.wrong(node, where, "a pattern needs `match` and `say`")
        return None
    if problem := problem_in_yaml(match):
        section.wrong("match", problem)
        return None
    if fix is not None and (problem := _template_problem(re.compile(match), fix)):
        section.wrong("fix", f"not a replacement: {problem}")
        return None
    return Pattern(match, say, fix)


def _template_problem(expression: re.Pattern[str], fix: str) -> str:
    try:
        re._parser.parse_template(fix, expression)  # type: ignore[attr-defined]
    except (re.error, IndexError) as error:
        return str(error)
    return ""
