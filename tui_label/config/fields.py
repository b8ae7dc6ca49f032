"""What a project says besides its name, its tasks and its store: a function for each key of project.yaml."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tui_label.config.nodes import Node, Reader, is_line, line_of
from tui_label.core.project import DEFAULT_FLAGS, FlagReason, Listen, Pace, Review, Suggesting
from tui_label.core.roles import Roles
from tui_label.core.text import visible

REVIEW = (
    "sample", "blind", "auto-settle", "gold-rate", "repeat-rate", "repeat-after", "attempts", "pass-mark", "judge-from",
    "ignore",
)  # fmt: skip
NAMED = ("leads", "reviewers", "annotators")
ROLES = (*NAMED, "as")
SUGGESTING = ("threshold", "hold-below", "hold-from")
LISTEN = ("autoplay", "step-back", "must-hear", "speed", "lossless")
FLAG = ("reason", "help")
PACE = ("idle", "too-fast", "break-every", "goal")
ORDERS = ("priority", "random", "as-added", "uncertain-first")
RULES = ("unanimous", "majority")
IGNORES = ("case", "punctuation", "tags")
SKIPS = ("later", "others", "out")
MOST_FLAGS = 9
"""A digit for each."""


def _items(reader: Reader, node: Node) -> str:
    """Empty where it is neither: then no task is said not to fit."""
    return reader.one_of(node, "items", ("text", "sound"), "")


def _review(reader: Reader, node: Node) -> Review:
    section, plain = reader.section(node, "review", REVIEW), Review()
    ignore = tuple(reader.one_of(one, section.place("ignore"), IGNORES, "case") for one in section.sequence("ignore"))
    return Review(
        sample=section.share("sample", plain.sample),
        blind=section.truth("blind", plain.blind),
        auto_settle=section.one_of("auto-settle", RULES, plain.auto_settle),
        gold_rate=section.share("gold-rate", plain.gold_rate),
        repeat_rate=section.share("repeat-rate", plain.repeat_rate),
        repeat_after_ms=section.duration_ms("repeat-after", plain.repeat_after_ms),
        attempts=section.whole("attempts", 0, plain.attempts),
        pass_mark=section.share("pass-mark", plain.pass_mark),
        judge_from=section.whole("judge-from", 0, plain.judge_from),
        ignore=ignore if "ignore" in section else plain.ignore,
    )


def _roles(reader: Reader, node: Node) -> Roles:
    section = reader.section(node, "roles", ROLES)
    found: dict[str, tuple[str, ...]] = {}
    seen: dict[str, str] = {}
    for role in NAMED:
        nodes, where = section.sequence(role), section.place(role)
        found[role] = tuple(reader.text(one, where, 60) for one in nodes)
        for one, name in zip(nodes, found[role], strict=True):
            if name in seen:
                reader.wrong(one, where, f"{visible(name)} is among the {seen[name]} already; keep one")
            elif not name.strip() or name != visible(name):
                reader.wrong(one, where, "must be a user's name on one line")
            seen[name] = role
    if isinstance(node, yaml.MappingNode) and not found["leads"]:
        section.wrong("leads", "name at least one user: a project needs a lead")
    may = section.one_of("as", ("leads", "anyone"), "leads")
    annotators = found["annotators"] if "annotators" in section else None
    return Roles(found["leads"], found["reviewers"], annotators, may == "anyone")


def _suggestions(reader: Reader, node: Node) -> Suggesting:
    section, plain = reader.section(node, "suggestions", SUGGESTING), Suggesting()
    threshold = section.number("threshold", r"(-?\d{1,6}(?:\.\d+)?)", "must be a score such as 0.5")
    return Suggesting(
        threshold=plain.threshold if threshold is None else threshold,
        hold_below=section.share("hold-below", plain.hold_below),
        hold_from=section.whole("hold-from", 1, plain.hold_from),
    )


def _sound(reader: Reader, node: Node) -> Listen:
    section, plain = reader.section(node, "sound", LISTEN), Listen()
    back = section.number("step-back", r"(\d+(?:\.\d+)?)\s*s", "must be seconds such as 1.5s, at most 30s", most=30)
    speed = section.number("speed", r"(\d(?:\.\d)?)", "must be between 0.5 and 2.0, in steps of 0.1", 0.5, 2.0)
    return Listen(
        autoplay=section.truth("autoplay", plain.autoplay),
        step_back_s=plain.step_back_s if back is None else back,
        must_hear=section.share("must-hear", plain.must_hear, "must be a share of the clip such as 90%"),
        speed=plain.speed if speed is None else speed,
        lossless=section.truth("lossless", plain.lossless),
    )


def _guidelines(reader: Reader, node: Node) -> str:
    value = reader.text(node, "guidelines", 200)
    if Path(value).is_absolute() or ".." in Path(value).parts or not value.strip():
        reader.wrong(node, "guidelines", "must be a file within the project's folder")
    return value


def _flags(reader: Reader, node: Node) -> tuple[FlagReason, ...]:
    found: list[FlagReason] = []
    for one in reader.sequence(node, "flags"):
        if isinstance(one, yaml.ScalarNode):
            flag = FlagReason(reader.text(one, "flags", 100))
        else:
            section = reader.section(one, "flags", FLAG)
            if "reason" not in section:
                reader.wrong(one, "flags", "a flag needs a reason")
                continue
            flag = FlagReason(section.text("reason", 100), section.text("help"))
        if not is_line(flag.reason):
            reader.wrong(one, "flags", "a reason must be a word on one line")
        if flag.reason in [other.reason for other in found]:
            reader.wrong(one, "flags", f"{visible(flag.reason)} is there twice")
        found.append(flag)
    if len(found) > MOST_FLAGS:
        reader.wrong(node, "flags", f"has {len(found)} reasons; nine digits is all there is")
    return tuple(found) or DEFAULT_FLAGS


def _pace(reader: Reader, node: Node) -> Pace:
    section, plain = reader.section(node, "pace", PACE), Pace()
    goal = section.number("goal", r"(\d{1,6})(?:/h)?", "must be items an hour, such as 400/h", 1)
    return Pace(
        idle_ms=section.duration_ms("idle", plain.idle_ms),
        too_fast_ms=section.duration_ms("too-fast", plain.too_fast_ms),
        break_every_ms=section.duration_ms("break-every", plain.break_every_ms),
        goal_per_hour=None if goal is None else int(goal),
    )


def keys(reader: Reader, node: Node) -> dict[str, str]:
    """Command → keys, of those whose keys can be read."""
    found = {}
    for name, value in reader.mapping(node, "keys").items():
        before = len(reader.problems)
        own = " ".join(reader.texts(value, f"keys.{name}"))
        if len(reader.problems) == before:
            reader.places[f"keys {name}"] = line_of(value)
            found[name] = own
    return found


FIELDS: dict[str, Callable[[Reader, Node], Any]] = {
    "guidelines": _guidelines,
    "items": _items,
    "sound": _sound,
    "review": _review,
    "suggestions": _suggestions,
    "roles": _roles,
    "overlap": lambda reader, node: reader.whole(node, "overlap", 1, 1),
    "order": lambda reader, node: reader.one_of(node, "order", ORDERS, "priority"),
    "lease": lambda reader, node: reader.duration_ms(node, "lease", 300_000),
    "skip": lambda reader, node: reader.one_of(node, "skip", SKIPS, "later"),
    "flags": _flags,
    "pace": _pace,
    "keys": keys,
}
"""What `Project` has under the same name, but for `lease`, which it has in milliseconds."""
