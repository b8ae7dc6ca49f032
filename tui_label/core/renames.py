"""What labels were called when: answers and unfinished work of before under today's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_label.core.tasks.base import places_left, renamed

Names = Mapping[str, Mapping[str, str]]
"""By task, what labels were called, and what each is called instead."""


@dataclass(frozen=True, slots=True)
class Renames:
    """Of labels, by the version of project.yaml that made them."""

    by_version: Mapping[int, Names] = field(default_factory=dict)

    def since(self, version: int) -> Names:
        """What the labels of a version are called today, where that is another name."""
        found: dict[str, Mapping[str, str]] = {}
        for number, tasks in sorted(self.by_version.items()):
            if number > version:
                for task, names in tasks.items():
                    earlier = found.get(task, {}).items()
                    found[task] = {**names, **{old: names.get(now, now) for old, now in earlier}}
        return found

    def apply(self, answers: Mapping[str, Any], version: int) -> dict[str, Any]:
        """Answers given under `version`, with the labels of every later rename."""
        changed = self.since(version).items()
        return {**answers, **{task: renamed(answers[task], names) for task, names in changed if task in answers}}

    def origin(
        self, origin: Mapping[str, list[str]], answers: Mapping[str, Any], version: int
    ) -> Mapping[str, list[str]]:
        """The origins of answers given under `version`, without those of parts that became one with another."""
        cut = {
            task: [origin[task][n] for n in places_left(answers[task], names)]
            for task, names in self.since(version).items()
            # One entry may be for the whole value
            if task in origin and isinstance(answers.get(task), list) and len(origin[task]) == len(answers[task])
        }
        return {**origin, **cut}
