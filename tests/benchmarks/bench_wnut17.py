"""Keys per entity: a robot labels sentences as a person would, reading the hints off the screen.

    python tests/benchmarks/bench_wnut17.py CONLL_FILE [SENTENCES]

The robot takes arrows where they are shorter than a hop.  Afterwards the export must be
equal to the file's own tags.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from helpers import write_project
from terminal_harness import Terminal, run

from tui_label import config, formats
from tui_label.core.keymap import build
from tui_label.core.text.rows import Rows
from tui_label.core.text.tokens import token_at, tokens_between
from tui_label.ui.views.document import MARGIN, text_width

PROJECT = """\
name: wnut17
tasks:
  - id: entities
    type: spans
    snap: token
    labels: [person, location, corporation, product, creative-work, group]
"""
COLUMNS, ROWS = 120, 40
TOP = 4


class Robot:
    """Knows the keymap and the screen; counts every key but Enter."""

    def __init__(self, terminal: Terminal, folder: Path) -> None:
        self.terminal = terminal
        self.keymap = build(config.load(folder))
        self.keys = 0

    def press(self, *keys: str) -> None:
        self.keys += len(keys)
        self.terminal.press(*keys)

    def label(self, text: str, cursor: int, start: int, end: int, label: str) -> int:
        """Label one entity; where the cursor is afterwards."""
        cursor = self.go(text, cursor, start)
        first = token_at(text, start)
        stretches = len(tokens_between(text, first[1], end))
        exact = first[0] == start and token_at(text, end - 1)[1] == end
        if exact:
            self.press(*["shift+right"] * stretches, self.keymap.key_of_label("entities", label))
            return token_at(text, end - 1)[0]
        # Gold that cuts our tokens: by characters
        self.press("c")
        self.press(*["right"] * (start - cursor), *["shift+right"] * (end - start - 1))
        self.press(self.keymap.key_of_label("entities", label), "c")
        self.press("left", "right") if token_at(text, end - 1)[0] != end - 1 else None
        return token_at(text, end - 1)[0]

    def go(self, text: str, cursor: int, start: int) -> int:
        target = token_at(text, start)[0]
        steps = abs(len(tokens_between(text, min(cursor, target), max(cursor, target))))
        if steps <= 2:
            self.press(*["right" if target > cursor else "left"] * steps)
            return target
        self.press(";")
        hint = self.hint(text, target)
        if not hint:
            self.press("escape", *["right" if target > cursor else "left"] * steps)
            return target
        self.press(*hint)
        return target

    def hint(self, text: str, offset: int) -> str:
        """The letters under the word, off the screen."""
        row, column = Rows(text, text_width(COLUMNS)).column_of(offset)
        line = self.terminal.screen.display[TOP + row * 2 + 1]
        return line[MARGIN + column :].split(" ")[0]


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    source = Path(sys.argv[1])
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    folder = write_project(Path(tempfile.mkdtemp()) / "p", PROJECT)
    reading = formats.Reading(source, config.load(folder), None, "gold")
    gold = list(formats.read(reading, formats.find("conll")))[:most]
    with (folder / "in.jsonl").open("w") as out:
        for n, record in enumerate(gold):
            out.write(json.dumps({"item": f"s{n}", "text": record.item.text}) + "\n")
    status, _, errors = run("add", str(folder), str(folder / "in.jsonl"))
    assert status == 0, errors
    terminal = Terminal(str(folder), "--as", "robot", columns=COLUMNS, rows=ROWS).wait_for(" s0 ")
    robot = Robot(terminal, folder)
    entities = 0
    for n, record in enumerate(gold):
        text = record.item.text
        cursor = token_at(text, len(text) - len(text.lstrip()))[0]
        for span in record.annotation.answers["entities"]:
            cursor = robot.label(text, cursor, span["start"], span["end"], span["label"])
            entities += 1
        terminal.press("enter")
        terminal.wait_for(f" s{n + 1} " if n + 1 < len(gold) else "Nothing is left")
    terminal.press("ctrl+q")
    terminal.wait()
    status, exported, _ = run("export", str(folder))
    lines = [json.loads(line) for line in exported.splitlines()]
    wrong = [
        line["item"]
        for line, record in zip(lines, gold, strict=True)
        if line["answers"]["entities"] != record.annotation.answers["entities"]
    ]
    print(f"{len(gold)} sentences, {entities} entities, {robot.keys} keys: {robot.keys / entities:.2f} keys an entity")
    print("export equals the gold" if not wrong else f"export differs in {len(wrong)}: {', '.join(wrong[:10])}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
