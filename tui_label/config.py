"""project.yaml → Project, with every mistake at once: file, line, field, and what to do.

The YAML is read as nodes, not as Python values: lines are known, and a label
written `no` is the label "no", not False.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import yaml

from tui_label.core import keymap
from tui_label.core.project import DEFAULT_FLAGS, FlagReason, Listen, Pace, Project, Review, Server, Suggesting
from tui_label.core.roles import Roles
from tui_label.core.tasks import TYPES, Label, Task
from tui_label.core.text import visible
from tui_label.core.transcript import Pattern, Style
from tui_label.errors import ConfigError

FILE = "project.yaml"
COLORS = ["red", "green", "yellow", "blue", "magenta", "cyan", "orange", "purple", "pink", "brown", "grey", "white"]
TOP = [
    "name",
    "guidelines",
    "items",
    "sound",
    "overlap",
    "order",
    "lease",
    "skip",
    "tasks",
    "flags",
    "keys",
    "review",
    "suggestions",
    "pace",
    "roles",
    "store",
]
TASK = ["id", "type", "ask", "labels", "required", "when", "help"]
LABEL = ["value", "key", "color", "help", "was"]
REVIEW = [
    "sample", "blind", "auto-settle", "gold-rate", "repeat-rate", "repeat-after", "attempts", "pass-mark", "judge-from",
    "ignore",
]  # fmt: skip
ROLES = ["leads", "reviewers", "annotators", "as"]
SUGGESTING = ["threshold", "hold-below", "hold-from"]
LISTEN = ["autoplay", "step-back", "must-hear", "speed", "lossless"]
STYLE = [
    "tags", "short-forms", "speakers", "case", "numbers", "forbid", "speaker-prefix", "most-words-per-second",
    "patterns", "enforce",
]  # fmt: skip
PATTERN = ["match", "say", "fix"]
ORDERS = ("priority", "random", "as-added", "uncertain-first")
RULES = ("unanimous", "majority")
IGNORES = ("case", "punctuation", "tags")
SKIPS = ("later", "others", "out")
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
LARGEST = 1_000_000

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")

Node = yaml.nodes.Node


def load(folder: Path) -> Project:
    """The project in a folder; raises ConfigError with all that is wrong with its project.yaml."""
    path = folder / FILE
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConfigError(
            f"{path}: no project here; start one with `tui-label new {folder} --from sentiment`"
        ) from error
    except PermissionError as error:
        raise ConfigError(f"{path}: you may not read it; {_way_in(folder)}") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(f"{FILE}:{line}: not UTF-8 at byte {error.start}; save the file as UTF-8") from error
    return parse(text, folder)


def _way_in(folder: Path) -> str:
    """What lets somebody in who may not read a project."""
    # Windows has neither, and listens
    import grp
    import pwd

    try:
        status, me = folder.stat(), pwd.getpwuid(os.getuid())
        owner, group = pwd.getpwuid(status.st_uid).pw_name, grp.getgrgid(status.st_gid).gr_name
    except (OSError, KeyError):
        return "ask whose it is"
    if status.st_gid in os.getgrouplist(me.pw_name, me.pw_gid) and status.st_gid not in os.getgroups():
        return f"you came into its group, {group}, after you logged in: log in anew"
    if status.st_mode & stat.S_ISGID:
        return f"{owner}, whose it is, can let you in by `sudo usermod -aG {group} {me.pw_name}`; then log in anew"
    return f"ask {owner}, whose it is"


def parse(text: str, folder: Path) -> Project:
    """The project that `text`, the content of project.yaml, describes."""
    reader = _Reader()
    root = _compose(text)
    project = _project(reader, root, folder, text)
    if reader.problems or project is None:
        raise ConfigError(*[f"{FILE}:{line}: {words}" for line, words in sorted(set(reader.problems))])
    return project


def warnings(project: Project) -> list[str]:
    """What is allowed but will cause grief: label names that look or export alike."""
    found = []
    for task in project.tasks:
        seen: dict[str, str] = {}
        for value in (label.value for label in task.labels):
            twin = seen.setdefault(unicodedata.normalize("NFC", value).casefold(), value)
            if twin != value:
                found.append(f"{task.id}: labels {visible(twin)} and {visible(value)} differ in case or form only")
            if value == "O" or value[:2] in ("B-", "I-"):
                found.append(f"{task.id}: label {visible(value)} will clash with CoNLL's own tags on export")
    return found


def personal_keys(path: Path) -> Mapping[str, str]:
    """One person's own keys: command → keys."""
    if not path.exists():
        return {}
    reader = _Reader()
    root = _compose(path.read_text(encoding="utf-8", errors="replace"), path.name)
    keys = _keys(reader, root) if root is not None else {}
    if reader.problems:
        raise ConfigError(*[f"{path}:{line}: {words}" for line, words in reader.problems])
    return keys


@dataclass
class _Reader:
    """Collects mistakes; its methods turn nodes into values or note why they can't."""

    problems: list[tuple[int, str]] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    """Lines of labels and keys, for mistakes found later."""

    def wrong(self, node: Node, where: str, words: str) -> None:
        self.problems.append((_line(node), f"{where}: {words}"))

    def mapping(self, node: Node, where: str, known: list[str] | None = None) -> dict[str, Node]:
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, where, "must be a mapping of `key: value` lines")
            return {}
        found: dict[str, Node] = {}
        for key_node, value in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            if key in found:
                self.wrong(key_node, f"{where}.{key}".lstrip("."), "is there twice; keep one")
            elif known is not None and key not in known:
                self.wrong(key_node, where or "project", f"unknown key {visible(key)!r}; {_nearest(key, known)}")
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

    def one_of(self, node: Node, where: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(node, where)
        if value and value not in allowed:
            self.wrong(node, where, f"{visible(value)!r} is unknown; {_nearest(value, list(allowed))}")
            return default
        return value or default

    def whole(self, node: Node, where: str, least: int, default: int) -> int:
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        if not re.fullmatch(r"\d{1,9}", str(value)) or not least <= int(value) <= LARGEST:
            self.wrong(node, where, f"must be a whole number of at least {least}")
            return default
        return int(value)

    def truth(self, node: Node, where: str) -> bool:
        if isinstance(node, yaml.ScalarNode) and node.value in ("true", "false"):
            return bool(node.value == "true")
        self.wrong(node, where, "must be true or false")
        return False

    def share(self, node: Node, where: str, default: float) -> float:
        """`10%` as 0.1."""
        found = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*%", node.value) if isinstance(node, yaml.ScalarNode) else None
        if not found or float(found[1]) > 100:
            self.wrong(node, where, "must be a share such as 10%")
            return default
        return float(found[1]) / 100

    def duration_ms(self, node: Node, where: str, default: int) -> int:
        found = _DURATION.fullmatch(str(node.value)) if isinstance(node, yaml.ScalarNode) else None
        if not found or float(found[1]) <= 0:
            self.wrong(node, where, "must be a time such as 400ms, 60s, 5m or 1h")
            return default
        return round(float(found[1]) * UNITS[found[2]])


def _compose(text: str, name: str = FILE) -> Node | None:
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.AliasToken):
                line = token.start_mark.line + 1
                raise ConfigError(f"{name}:{line}: aliases (*{token.value}) are not supported; write it out")
        node: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark else text[: getattr(error, "position", 0) or 0].count("\n") + 1
        reason = visible(str(getattr(error, "problem", None) or getattr(error, "reason", "") or "not YAML"))
        raise ConfigError(f"{name}:{line}: not valid YAML: {reason}") from error
    except (RecursionError, ValueError) as error:
        raise ConfigError(f"{name}:1: not valid YAML: nested too deeply or broken") from error
    return node


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"


# the project


def _project(reader: _Reader, root: Node | None, folder: Path, source: str) -> Project | None:
    if root is None:
        reader.problems.append((1, "the file is empty; it needs at least name and tasks"))
        return None
    top = reader.mapping(root, "", TOP)
    for needed in ("name", "tasks"):
        if needed not in top:
            reader.wrong(root, needed, "is missing; every project needs it")
    name = reader.text(top["name"], "name", 100) if "name" in top else ""
    if "name" in top and (not name.strip() or _CONTROL.search(name)):
        reader.wrong(top["name"], "name", "must be a name on one line")
    tasks = _tasks(reader, top["tasks"]) if "tasks" in top else ()
    found: dict[str, Any] = {}
    for key, read in _SETTINGS.items():
        if key in top:
            found[key if key != "lease" else "lease_ms"] = read(reader, top[key])
    if "store" in top:
        found["server"] = _store(reader, top["store"], name)
    project = Project(folder, name, tasks, source=source, **found)
    _check_items(reader, project, root)
    if not reader.problems:
        _check_keys(reader, project, root)
    return project


def _store(reader: _Reader, node: Node, name: str) -> Server | None:
    """A server's URL; the schema stands at its end, or is the project's name as letters that need no quotes."""
    words = reader.text(node, "store", 500)
    if not words:
        return None
    try:
        parts = urlsplit(words)
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        password = parts.password
    except ValueError:
        reader.wrong(node, "store", f"is no URL; {_URL}")
        return None
    schema = options.pop("schema", "") or re.sub("[^a-z0-9]+", "_", name.casefold())[:40].strip("_") or "project"
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        reader.wrong(node, "store", _URL)
    elif password is not None or "password" in options:
        reader.wrong(
            node,
            "store",
            "has a password in it, which all who may read this file would know; take it out, and put it into "
            "~/.pgpass or what PGPASSFILE names, a service (PGSERVICEFILE), or PGPASSWORD",
        )
    elif not re.fullmatch("[a-z_][a-z0-9_]{0,39}", schema) or schema.startswith("pg_"):
        reader.wrong(node, "store", "a schema's name is up to forty small letters, digits and _, a letter first")
    else:
        query = urlencode(options, safe="/,:")
        return Server(words.split("?")[0] + (f"?{query}" if query else ""), schema)
    return None


_URL = "must be postgresql://USER@HOST/DATABASE; without it all is kept in project.db beside this file"


def _check_items(reader: _Reader, project: Project, root: Node) -> None:
    """Tasks that fit what the items are."""
    for task in project.tasks:
        if project.items == "sound" and task.kind in ("spans", "compare"):
            reader.wrong(root, task.id, f"a {task.kind} task is about text, and the items are sound; use segments")
        if project.items == "text" and (task.kind == "segments" or getattr(task, "transcript", None) is not None):
            reader.wrong(root, task.id, "is about sound, and the items are text; say `items: sound`")


def _items(reader: _Reader, node: Node) -> str:
    return reader.one_of(node, "items", ("text", "sound"), "text")


def _review(reader: _Reader, node: Node) -> Review:
    parts = reader.mapping(node, "review", REVIEW)
    plain = Review()

    def share(key: str, default: float) -> float:
        return reader.share(parts[key], f"review.{key}", default) if key in parts else default

    def whole(key: str, default: int) -> int:
        return reader.whole(parts[key], f"review.{key}", 0, default) if key in parts else default

    ignore = plain.ignore
    if "ignore" in parts:
        nodes = reader.sequence(parts["ignore"], "review.ignore")
        ignore = tuple(reader.one_of(one, "review.ignore", IGNORES, "case") for one in nodes)
    rule = reader.one_of(parts["auto-settle"], "review.auto-settle", RULES, "") if "auto-settle" in parts else ""
    after = plain.repeat_after_ms
    if "repeat-after" in parts:
        after = reader.duration_ms(parts["repeat-after"], "review.repeat-after", after)
    return Review(
        share("sample", plain.sample),
        reader.truth(parts["blind"], "review.blind") if "blind" in parts else plain.blind,
        rule,
        share("gold-rate", plain.gold_rate),
        share("repeat-rate", plain.repeat_rate),
        after,
        whole("attempts", plain.attempts),
        share("pass-mark", plain.pass_mark),
        whole("judge-from", plain.judge_from),
        ignore,
    )


def _roles(reader: _Reader, node: Node) -> Roles:
    parts = reader.mapping(node, "roles", ROLES)
    found: dict[str, tuple[str, ...]] = {}
    seen: dict[str, str] = {}
    for role in ROLES[:3]:
        nodes = reader.sequence(parts[role], f"roles.{role}") if role in parts else []
        found[role] = tuple(reader.text(one, f"roles.{role}", 60) for one in nodes)
        for one, name in zip(nodes, found[role], strict=True):
            if name in seen:
                reader.wrong(one, f"roles.{role}", f"{visible(name)} is among the {seen[name]} already; keep one")
            elif not name.strip() or name != visible(name):
                reader.wrong(one, f"roles.{role}", "must be a user's name on one line")
            seen[name] = role
    if isinstance(node, yaml.MappingNode) and not found["leads"]:
        reader.wrong(parts.get("leads", node), "roles.leads", "name at least one user: a project needs a lead")
    may = reader.one_of(parts["as"], "roles.as", ("leads", "anyone"), "leads") if "as" in parts else "leads"
    annotators = found["annotators"] if "annotators" in parts else None
    return Roles(found["leads"], found["reviewers"], annotators, may == "anyone")


def _suggestions(reader: _Reader, node: Node) -> Suggesting:
    parts = reader.mapping(node, "suggestions", SUGGESTING)
    threshold = Suggesting().threshold
    if "threshold" in parts:
        written = reader.text(parts["threshold"], "suggestions.threshold")
        if re.fullmatch(r"-?\d{1,6}(\.\d+)?", written):
            threshold = float(written)
        else:
            reader.wrong(parts["threshold"], "suggestions.threshold", "must be a score such as 0.5")
    return Suggesting(
        threshold,
        reader.share(parts["hold-below"], "suggestions.hold-below", 0.0) if "hold-below" in parts else 0.0,
        reader.whole(parts["hold-from"], "suggestions.hold-from", 1, 50) if "hold-from" in parts else 50,
    )


def _sound(reader: _Reader, node: Node) -> Listen:
    parts = reader.mapping(node, "sound", LISTEN)
    plain = Listen()

    def number(key: str, pattern: str, least: float, most: float, words: str, default: float) -> float:
        if key not in parts:
            return default
        found = re.fullmatch(pattern, reader.text(parts[key], f"sound.{key}"))
        if not found or not least <= float(found[1]) <= most:
            reader.wrong(parts[key], f"sound.{key}", words)
            return default
        return float(found[1])

    return Listen(
        reader.truth(parts["autoplay"], "sound.autoplay") if "autoplay" in parts else plain.autoplay,
        number(
            "step-back", r"(\d+(?:\.\d+)?)\s*s", 0, 30, "must be seconds such as 1.5s, at most 30s", plain.step_back_s
        ),
        number("must-hear", r"(\d+(?:\.\d+)?)\s*%", 0, 100, "must be a share of the clip such as 90%", 0) / 100,
        number("speed", r"(\d(?:\.\d)?)", 0.5, 2.0, "must be between 0.5 and 2.0, in steps of 0.1", plain.speed),
        reader.truth(parts["lossless"], "sound.lossless") if "lossless" in parts else plain.lossless,
    )


def _guidelines(reader: _Reader, node: Node) -> str:
    value = reader.text(node, "guidelines", 200)
    if Path(value).is_absolute() or ".." in Path(value).parts or not value.strip():
        reader.wrong(node, "guidelines", "must be a file within the project's folder")
    return value


def _flags(reader: _Reader, node: Node) -> tuple[FlagReason, ...]:
    found: list[FlagReason] = []
    for one in reader.sequence(node, "flags"):
        if isinstance(one, yaml.ScalarNode):
            flag = FlagReason(reader.text(one, "flags", 100))
        else:
            parts = reader.mapping(one, "flags", ["reason", "help"])
            if "reason" not in parts:
                reader.wrong(one, "flags", "a flag needs a reason")
                continue
            help = reader.text(parts["help"], "flags.help") if "help" in parts else ""
            flag = FlagReason(reader.text(parts["reason"], "flags.reason", 100), help)
        if not flag.reason.strip() or _CONTROL.search(flag.reason):
            reader.wrong(one, "flags", "a reason must be a word on one line")
        if flag.reason in [other.reason for other in found]:
            reader.wrong(one, "flags", f"{visible(flag.reason)} is there twice")
        found.append(flag)
    if len(found) > 9:
        reader.wrong(node, "flags", f"has {len(found)} reasons; nine digits is all there is")
    return tuple(found) or DEFAULT_FLAGS


def _pace(reader: _Reader, node: Node) -> Pace:
    parts = reader.mapping(node, "pace", ["idle", "too-fast", "break-every", "goal"])
    pace = Pace()
    goal = None
    if "goal" in parts:
        value = reader.text(parts["goal"], "pace.goal")
        found = re.fullmatch(r"(\d{1,6})(?:/h)?", value)
        if not found or int(found[1]) < 1:
            reader.wrong(parts["goal"], "pace.goal", "must be items an hour, such as 400/h")
        else:
            goal = int(found[1])

    def ms(key: str, default: int) -> int:
        return reader.duration_ms(parts[key], f"pace.{key}", default) if key in parts else default

    return Pace(
        ms("idle", pace.idle_ms), ms("too-fast", pace.too_fast_ms), ms("break-every", pace.break_every_ms), goal
    )


def _keys(reader: _Reader, node: Node) -> dict[str, str]:
    found = {}
    for name, value in reader.mapping(node, "keys").items():
        reader.places[f"keys {name}"] = _line(value)
        if isinstance(value, yaml.SequenceNode):
            found[name] = " ".join(reader.text(one, f"keys.{name}") for one in value.value)
        else:
            found[name] = reader.text(value, f"keys.{name}")
    return found


_SETTINGS: dict[str, Callable[[_Reader, Node], Any]] = {
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
    "keys": _keys,
}


# tasks


def _tasks(reader: _Reader, node: Node) -> tuple[Task, ...]:
    found: list[Task] = []
    for one in reader.sequence(node, "tasks"):
        task = _task(reader, one, found)
        if task is not None:
            found.append(task)
    if isinstance(node, yaml.SequenceNode) and not node.value:
        reader.wrong(node, "tasks", "is empty; a project needs at least one task")
    return tuple(found)


def _task(reader: _Reader, node: Node, earlier: list[Task]) -> Task | None:
    every = sorted({*TASK, *(option for kind in TYPES.values() for option in kind.options)})
    parts = reader.mapping(node, "task", every)
    if not parts:
        return None
    id = reader.text(parts["id"], "task.id", 60) if "id" in parts else ""
    if not _ID.fullmatch(id):
        reader.wrong(parts.get("id", node), "task.id", "must begin with a letter and hold letters, digits, - and _")
        id = id or "task"
    elif id in [task.id for task in earlier]:
        reader.wrong(parts["id"], "task.id", f"{id} is there twice")
    if "type" not in parts:
        reader.wrong(node, id, f"needs a type: {', '.join(TYPES)}")
        return None
    name = reader.one_of(parts["type"], f"{id}.type", tuple(TYPES), "")
    if name not in TYPES:
        return None
    kind = TYPES[name]
    options: dict[str, Any] = {}
    for key in set(parts) - set(TASK):
        if key in kind.options:
            options[key] = _option(reader, parts[key], f"{id}.{key}", kind.options[key])
        else:
            reader.wrong(parts[key], f"{id}.{key}", f"is no option of a {name} task")
    task = kind(
        id,
        reader.text(parts["ask"], f"{id}.ask") if "ask" in parts else "",
        _labels(reader, parts, node, id, kind),
        reader.truth(parts["required"], f"{id}.required") if "required" in parts else True,
        _when(reader, parts["when"], id, earlier) if "when" in parts else {},
        reader.text(parts["help"], f"{id}.help") if "help" in parts else "",
        **{key: value for key, value in options.items() if value is not None},
    )
    if not reader.problems:
        for option, words in task.problems():
            reader.wrong(parts.get(option, node), f"{id}.{option}", words)
    return task


def _option(reader: _Reader, node: Node, where: str, types: tuple[type, ...]) -> Any:
    if Style in types:
        return _style(reader, node, where)
    if bool in types:
        return reader.truth(node, where)
    if int in types:
        return reader.whole(node, where, 0, 0)
    return reader.text(node, where, 200)


def _style(reader: _Reader, node: Node, where: str) -> Style:
    """The rules of a transcript."""
    parts = reader.mapping(node, where, STYLE)
    plain = Style()

    def words(key: str) -> tuple[str, ...]:
        nodes = reader.sequence(parts[key], f"{where}.{key}") if key in parts else []
        found = tuple(reader.text(one, f"{where}.{key}", 60) for one in nodes)
        for one, word in zip(nodes, found, strict=True):
            if not word.strip() or _CONTROL.search(word) or "[" in word or "]" in word:
                reader.wrong(one, f"{where}.{key}", "must be a word on one line, without brackets")
            elif found.count(word) > 1:
                reader.wrong(one, f"{where}.{key}", f"{visible(word)} is there twice")
        return found

    def choice(key: str, allowed: tuple[str, ...], default: str) -> str:
        return reader.one_of(parts[key], f"{where}.{key}", allowed, default) if key in parts else default

    rate = None
    if "most-words-per-second" in parts:
        value = reader.text(parts["most-words-per-second"], f"{where}.most-words-per-second")
        if re.fullmatch(r"\d{1,3}(\.\d+)?", value) and float(value) > 0:
            rate = float(value)
        else:
            reader.wrong(parts["most-words-per-second"], f"{where}.most-words-per-second", "must be a number such as 6")
    return Style(
        words("tags"),
        _short_forms(reader, parts["short-forms"], f"{where}.short-forms") if "short-forms" in parts else {},
        words("speakers"),
        choice("case", ("lower", "upper", "any"), plain.case),
        choice("numbers", ("words", "digits", "any"), plain.numbers),
        reader.text(parts["forbid"], f"{where}.forbid", 200) if "forbid" in parts else "",
        reader.truth(parts["speaker-prefix"], f"{where}.speaker-prefix") if "speaker-prefix" in parts else False,
        rate,
        _patterns(reader, parts["patterns"], f"{where}.patterns") if "patterns" in parts else (),
        choice("enforce", ("warn", "refuse"), plain.enforce),
    )


def _short_forms(reader: _Reader, node: Node, where: str) -> dict[str, str]:
    found = {}
    for short, value in reader.mapping(node, where).items():
        if not short or any(char.isspace() for char in short):
            reader.wrong(value, where, f"{visible(short)!r} must be typed without spaces")
        found[short] = reader.text(value, where, 1000)
    return found


def _patterns(reader: _Reader, node: Node, where: str) -> tuple[Pattern, ...]:
    found = []
    for one in reader.sequence(node, where):
        parts = reader.mapping(one, where, PATTERN)
        match = reader.text(parts["match"], f"{where}.match", 1000) if "match" in parts else ""
        say = reader.text(parts["say"], f"{where}.say", 200) if "say" in parts else ""
        fix = str(parts["fix"].value) if "fix" in parts and isinstance(parts["fix"], yaml.ScalarNode) else None
        if not match or not say:
            reader.wrong(one, where, "a pattern needs `match` and `say`")
            continue
        try:
            expression = re.compile(match)
        except re.error as error:
            reader.wrong(parts["match"], f"{where}.match", f"not a regular expression: {error}")
            continue
        if fix is not None and (problem := _template_problem(expression, fix)):
            reader.wrong(parts["fix"], f"{where}.fix", f"not a replacement: {problem}")
            continue
        found.append(Pattern(match, say, fix))
    return tuple(found)


def _template_problem(expression: re.Pattern[str], fix: str) -> str:
    try:
        re._parser.parse_template(fix, expression)  # type: ignore[attr-defined]
    except (re.error, IndexError) as error:
        return str(error)
    return ""


def _labels(reader: _Reader, parts: Mapping[str, Node], node: Node, id: str, kind: type[Task]) -> tuple[Label, ...]:
    if "labels" not in parts:
        if kind.needs_labels:
            reader.wrong(node, f"{id}.labels", "is missing; list at least one label")
        return ()
    if not kind.takes_labels:
        reader.wrong(parts["labels"], f"{id}.labels", f"a {kind.kind} task has no labels")
        return ()
    found: list[Label] = []
    nodes = reader.sequence(parts["labels"], f"{id}.labels")
    for one in nodes:
        label = _label(reader, one, id)
        twin = next((other for other in found if other.value.strip() == label.value.strip()), None)
        if twin is not None and label.value:
            reader.wrong(one, f"{id}.labels", f"{visible(label.value)!r} is there twice")
        reader.places[f"label {id} {label.value}"] = _line(one)
        found.append(label)
    if not nodes and isinstance(parts["labels"], yaml.SequenceNode):
        reader.wrong(parts["labels"], f"{id}.labels", "is empty; list at least one label")
    return tuple(found)


def _label(reader: _Reader, node: Node, id: str) -> Label:
    where = f"{id}.labels"
    parts = reader.mapping(node, where, LABEL) if isinstance(node, yaml.MappingNode) else {"value": node}
    if "value" not in parts:
        reader.wrong(node, where, "a label needs a value")
        return Label("")
    value = reader.text(parts["value"], where)
    if not value.strip():
        reader.wrong(node, where, "a label must not be empty")
    elif _CONTROL.search(value):
        reader.wrong(node, where, f"{visible(value)!r} has control characters in it; take them out")
    elif len(value) > 100:
        reader.wrong(node, where, f"a label has at most 100 characters, this one {len(value)}")
    color = reader.text(parts["color"], f"{where}.color") if "color" in parts else ""
    if color and color not in COLORS and not re.fullmatch("#[0-9a-fA-F]{6}", color):
        reader.wrong(parts["color"], f"{where}.color", f"{visible(color)!r} is unknown; {_nearest(color, COLORS)}")
    was: tuple[str, ...] = ()
    if "was" in parts:
        old = parts["was"]
        nodes = old.value if isinstance(old, yaml.SequenceNode) else [old]
        was = tuple(reader.text(one, f"{where}.was") for one in nodes)
    key = reader.text(parts["key"], f"{where}.key") if "key" in parts else ""
    help = reader.text(parts["help"], f"{where}.help") if "help" in parts else ""
    return Label(value, key, color, help, was)


def _when(reader: _Reader, node: Node, id: str, earlier: list[Task]) -> dict[str, tuple[str, ...]]:
    found = {}
    known = {task.id: task for task in earlier}
    for other, wanted in reader.mapping(node, f"{id}.when").items():
        if other not in known:
            hint = _nearest(other, list(known)) if known else "there is no task before this one"
            reader.wrong(wanted, f"{id}.when", f"{visible(other)!r} is no task before this one; {hint}")
            continue
        nodes = wanted.value if isinstance(wanted, yaml.SequenceNode) else [wanted]
        labels = tuple(reader.text(one, f"{id}.when") for one in nodes)
        for one, label in zip(nodes, labels, strict=True):
            if known[other].values and label not in known[other].values:
                hint = _nearest(label, list(known[other].values))
                reader.wrong(one, f"{id}.when", f"{visible(label)!r} is no label of {other}; {hint}")
        found[other] = labels
    return found


def _check_keys(reader: _Reader, project: Project, root: Node) -> None:
    for place, words in keymap.problems(project):
        line = reader.places.get(place, _line(root))
        reader.problems.append((line, f"{visible(place)}: {words}"))


def settings() -> list[str]:
    """Every key of project.yaml, for the check that the README names them all."""
    options = {option for kind in TYPES.values() for option in kind.options}
    return sorted(
        {
            *TOP,
            *TASK,
            *LABEL,
            *LISTEN,
            *REVIEW,
            *SUGGESTING,
            *ROLES,
            *STYLE,
            *PATTERN,
            *options,
            *(one.name for one in fields(FlagReason)),
        }
    )
