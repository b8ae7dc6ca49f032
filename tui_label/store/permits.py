"""Which role each method of a store needs, and a store that holds to it for one person.

The screens and commands get no other store, so none of them can forget to ask.  It is a
fence for a team, not a wall: who may write the file can open it with other programs
(`tui_label.projects.sharing` says what a shared folder can prevent, and what it can only notice).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from tui_label.core.comments import Comment
from tui_label.core.roles import Person, Role, Roles
from tui_label.errors import StoreRefused
from tui_label.store.base import Claim, Entry, Store

ANNOTATOR, REVIEWER, LEAD = Role
Call = SimpleNamespace
"""The arguments of a call by their names, and `me`, who calls."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What one method needs."""

    words: str
    """What it does, as it stands in a refusal: `bob may not …`."""
    role: Role | Callable[[Call], Role] = ANNOTATOR
    """The least role, perhaps by what is asked for."""
    own: Callable[[Call], Iterable[str]] = lambda _: ()
    """The names that the call acts or reads under: all of them must be one's own, whatever the role."""
    in_hand: bool = False
    """Whether annotators may call it only for an item that this store has handed to them."""


def _mine_or(role: Role) -> Callable[[Call], Role]:
    """What is one's own needs no other role; anybody else's, and everybody's, needs `role`."""
    return lambda call: ANNOTATOR if call.annotator == call.me else role


def _as_annotator(call: Call) -> Iterable[str]:
    return (call.annotator,)


def _as_reviewer(call: Call) -> Iterable[str]:
    return (call.reviewer,)


def _as_reader(call: Call) -> Iterable[str]:
    return () if call.reader is None else (call.reader,)


def _for_reviewers(call: Call) -> Role:
    return REVIEWER if call.reader is None else ANNOTATOR


TABLE = {
    "close": Permit("close the database"),
    # the project
    "versions": Permit("see the versions in force"),
    "changes": Permit("see what changed in the guidelines"),
    "check": Permit("check the database"),
    "check_in_place": Permit("check the database"),
    "fingerprints": Permit("check everybody's answers", LEAD),
    "is_recorded": Permit("compare project.yaml"),
    "record_project": Permit("change project.yaml", LEAD),
    "admit": Permit("say who may do what", LEAD),
    "labels_in_use": Permit("count everybody's labels", REVIEWER),
    "answers_in_use": Permit("count everybody's answers", REVIEWER),
    # one annotator at work
    "claim": Permit("take items", own=_as_annotator),
    "upcoming": Permit("take items", own=_as_annotator),
    "submit": Permit("answer items", own=lambda call: (call.annotation.annotator,), in_hand=True),
    "skip": Permit("skip items", own=lambda call: (call.annotation.annotator,), in_hand=True),
    "reopen": Permit("undo answers", own=_as_annotator),
    "revisit": Permit("look at answers again", own=_as_annotator, in_hand=True),
    "half_corrected": Permit("look at answers again", own=_as_annotator),
    "save_draft": Permit("keep drafts", own=_as_annotator, in_hand=True),
    "heartbeat": Permit("hold items", own=_as_annotator),
    "leave": Permit("put items down", own=_as_annotator),
    "history": Permit("go through answers", own=_as_annotator),
    "following": Permit("go through answers", own=_as_annotator),
    "add_sprint": Permit("keep sprints", own=lambda call: (call.sprint.annotator,)),
    "news": Permit("read news", own=_as_annotator),
    "told": Permit("read news", own=_as_annotator),
    "attempts": Permit("see others' attempts at the qualification set", _mine_or(REVIEWER)),
    "used_up": Permit("see others' attempts at the qualification set", REVIEWER),
    "qualification": Permit("see others' answers to the qualification set", _mine_or(REVIEWER)),
    "keep_attempt": Permit(
        "decide who has qualified",
        lambda call: ANNOTATOR if call.attempt.annotator == call.me and call.attempt.of else LEAD,
    ),
    # talking
    "say": Permit(
        "write to annotators",
        lambda call: REVIEWER if any(comment.to for comment in call.comments) else ANNOTATOR,
        lambda call: (comment.author for comment in call.comments),
        in_hand=True,
    ),
    "unsay": Permit("take back comments", own=lambda call: (call.author,), in_hand=True),
    "comments": Permit("read comments", in_hand=True),
    "inbox": Permit("read what reviewers are asked", _for_reviewers, _as_reader),
    "unread": Permit("read what reviewers are asked", _for_reviewers, _as_reader),
    "mark_read": Permit("read what reviewers are asked", _for_reviewers, _as_reader, in_hand=True),
    # cases and outcomes
    "next_case": Permit("review", REVIEWER, _as_reviewer),
    "unfinished": Permit("review", REVIEWER, _as_reviewer),
    "hold_case": Permit("review", REVIEWER, _as_reviewer),
    "release_case": Permit("review", REVIEWER, _as_reviewer),
    "latest_settled": Permit("review", REVIEWER, _as_reviewer),
    "case": Permit("see everybody's answers", REVIEWER, lambda call: filter(None, _as_reviewer(call))),
    "find_item": Permit("look for items", REVIEWER),
    "left_in": Permit("count cases", REVIEWER),
    "settle": Permit(
        "settle items", REVIEWER, lambda call: (call.gold.reviewer, *(comment.author for comment in call.comments))
    ),
    "withdraw": Permit("undo what is settled", REVIEWER, _as_reviewer),
    "send_back": Permit("send answers back", REVIEWER, lambda call: (call.comment.author,)),
    "take_back": Permit("send answers back", REVIEWER, _as_reviewer),
    "end_returns": Permit("send answers back", REVIEWER),
    "sent_back": Permit("see what was sent back to others", REVIEWER),
    "requeue": Permit("send answers back in bulk", LEAD, lambda call: (call.comment.author,)),
    "settle_many": Permit("settle items in bulk", LEAD),
    # figures
    "progress": Permit("see everybody's figures", _mine_or(REVIEWER)),
    "opinions": Permit("see everybody's answers", _mine_or(REVIEWER)),
    "most_candidates": Permit("see everybody's answers", REVIEWER),
    "efforts": Permit("see everybody's figures", _mine_or(REVIEWER)),
    "known": Permit("see the known answers", _mine_or(REVIEWER)),
    "repeats": Permit("see everybody's figures", _mine_or(REVIEWER)),
    "tallies": Permit("see everybody's figures", REVIEWER),
    "source_counts": Permit("see the figures of suggestions", REVIEWER),
    "judged": Permit("see the figures of suggestions", REVIEWER),
    # in and out
    "staging": Permit("bring items in", LEAD),
    "conflicts": Permit("bring items in", LEAD),
    "add": Permit("bring items in", LEAD),
    "askable": Permit("bring suggestions in", LEAD),
    "suggest": Permit("bring suggestions in", LEAD),
    "answers": Permit("take others' answers out", _mine_or(LEAD)),
    "unanswered": Permit("take items out", LEAD),
    "with_suggestions": Permit("take items out", LEAD),
    "testimonies": Permit("take others' answers out", LEAD),
    "backup": Permit("copy the database", LEAD),
}
"""Every method of a store, with what it needs."""


def permitted(store: Store, person: Person, roles: Roles) -> Store:
    """The store, for this person alone."""
    return cast(Store, _Permitted(store, person, roles)) if roles.are_set else store


def require(method: str, person: Person, roles: Roles, words: str = "") -> None:
    """Refuse what this person may not do at all, before work goes into it; `words`: what they asked for, if it is more."""
    permit = TABLE[method]
    if isinstance(permit.role, Role) and person.role < permit.role:
        raise _lacking(words or permit.words, permit.role, person, roles)


def _lacking(words: str, role: Role, person: Person, roles: Roles) -> StoreRefused:
    return StoreRefused(
        f"{person.name} may not {words}: that needs {role.words}, which {person.name} is not; ask {roles.holders(role)}"
    )


class _Permitted:
    """A store in front of a store.  What is not in the table cannot be called."""

    def __init__(self, store: Store, person: Person, roles: Roles) -> None:
        self._store, self._person, self._roles = store, person, roles
        self._in_hand: set[int] = set()
        """Numbers of the items that were handed to this person: an annotator can speak of no others."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in TABLE:
            raise AttributeError(name)
        method, permit = getattr(self._store, name), TABLE[name]
        signature = inspect.signature(getattr(Store, name))

        def call(*arguments: Any, **named: Any) -> Any:
            bound = signature.bind(self, *arguments, **named)
            bound.apply_defaults()
            self._allow(permit, Call(me=self._person.name, **bound.arguments))
            return self._handing(method(*arguments, **named))

        setattr(self, name, call)
        return call

    def _allow(self, permit: Permit, call: Call) -> None:
        person = self._person
        role = permit.role if isinstance(permit.role, Role) else permit.role(call)
        if person.role < role:
            raise _lacking(permit.words, role, person, self._roles)
        for name in permit.own(call):
            if name != person.name:
                raise StoreRefused(
                    f"{person.name} may not {permit.words} as {name}: everybody works under their own name"
                )
        if permit.in_hand and person.role < REVIEWER and call.number not in self._in_hand:
            raise StoreRefused(f"{person.name} may not {permit.words} on an item that was never theirs")

    def _handing(self, result: Any) -> Any:
        """The result as it may be seen; the items in it are in this person's hands from now on."""
        if self._person.role >= REVIEWER:
            return result
        if isinstance(result, tuple):
            me = self._person.name
            return tuple(one for one in result if not isinstance(one, Comment) or me in (one.author, one.to))
        self._in_hand.update(_numbers(result))
        return result


def _numbers(result: Any) -> Iterator[int]:
    """The items of a claim, of lines of the history and of an inbox."""
    for one in result if isinstance(result, list) else (result,):
        match one:
            case Claim(number=number) | Entry(number=number) | (int(number), _, Comment()):
                yield number
