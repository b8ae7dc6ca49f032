"""Why an item may not be left yet, by submitting or skipping it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_label.bench.desk import Desk
from tui_label.core.annotating.session import Effect
from tui_label.core.listening import is_enough

if TYPE_CHECKING:
    from tui_label.sound.deck import Deck

SHOWN = "the right answer to that item was shown: your answer to it stays"


def refusal(effect: Effect, desk: Desk, deck: Deck | None) -> str:
    """Why what a key asked for is not done to the item on the desk; empty if it is."""
    tested = desk.claim.known is not None
    if tested and desk.visiting and effect in (Effect.SUBMIT, Effect.SKIP):
        return SHOWN
    broken = deck.look.word if deck is not None and deck.look.broken else ""
    if tested and broken and effect in (Effect.SUBMIT, Effect.SKIP):
        return f"a lead has to put this right: {broken}"
    if tested and effect is Effect.SKIP:
        return "each item of the qualification set needs an answer; a flag can say what is wrong with it"
    if deck is None or effect is not Effect.SUBMIT:
        return ""
    return f"can only be skipped: {broken}" if broken else _unheard(desk, deck, tested)


def _unheard(desk: Desk, deck: Deck, tested: bool) -> str:
    """Why an item may not be submitted yet: less of it was heard than the project wants."""
    wanted = desk.session.project.sound.must_hear
    if wanted and deck.look.coming:
        return f"not heard yet: {deck.look.word}"
    if not wanted or deck.look.word:
        return ""
    heard, _ = deck.of_item()
    share = heard.coverage(desk.session.duration)
    if is_enough(share, wanted):
        return ""
    with_sound = "come back with sound" if tested else "skip it, or come back with sound"
    way_out = with_sound if deck.trouble else "play the rest"
    return f"heard {share:.0%} of the clip, the project wants {wanted:.0%}: {way_out}"
