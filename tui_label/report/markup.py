"""HTML as values: whatever is not made here is text, and is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Union

from tui_label.core.text import visible

_VOID = frozenset(["meta", "br", "line", "rect", "path", "circle", "polyline", "polygon"])


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = Union[str, int, None, Iterable["Child"]]  # noqa: UP007  a name of itself within it


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Html:
    """An element.  `class_` is `class`, `aria_label` is `aria-label`; None leaves an attribute or a child out."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(_attribute(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID and not children:
        return Html(f"<{name}{said}>" if name in ("meta", "br") else f"<{name}{said}/>")
    return Html(f"<{name}{said}>{joined(*children)}</{name}>")


def joined(*children: Child) -> Html:
    found = []
    for child in children:
        if isinstance(child, Html):
            found.append(child)
        elif isinstance(child, str | int):
            found.append(escaped(str(child)))
        elif child is not None:
            found.append(joined(*child))
    return Html("".join(found))


def escaped(text: str) -> Html:
    """Text for an element or an attribute, with nothing hidden in it: control characters are pictures."""
    return Html(html.escape(visible(text)))


def _attribute(value: str | float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
