"""The tables and views, one text for both engines.  They are a public interface: leads open the file with
sqlite-utils and Datasette, so names are plain words, foreign keys are declared, times are UTC ISO 8601 text.

`item` is the narrow row that the queue moves; the text lives in `content`, so that a
claim never rewrites a long document.  Rows of `annotation` and `gold` are never changed or
deleted.

For the reviewers' queues, `assignment` repeats what is asked of each standing answer in
columns that are quick to read; `flagged` and `corrected` list what is rare.  What is repeated of an item's answers, and how
far they agree, is behind them while the item is `unweighed`: a label has another name now, somebody takes the
qualification set anew, or its last answer is of somebody who may not see the others' (`logins`).

What a `source` suggests no more is `withdrawn`; `consulted` says about which items it was asked, also in vain.

Finished items are counted with those who finished them, in `tally`, where nobody waits for anybody else;
`counter` has what was finished by a change of the overlap.  What somebody `answered` is without the qualification set and
with repeats, so that nobody can tell by the count when one came; `counter` has how many of all answers those are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

KNOWN = ("0001 tables and views",)

TABLES = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE version (
  kind TEXT NOT NULL CHECK (kind IN ('labels', 'guidelines')), number INTEGER NOT NULL,
  text TEXT NOT NULL, renames TEXT NOT NULL DEFAULT '{}', recorded_at TEXT NOT NULL,
  PRIMARY KEY (kind, number)
) STRICT;
CREATE TABLE annotator (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE item (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
  stage TEXT NOT NULL DEFAULT 'fresh' CHECK (stage IN ('fresh', 'again', 'full', 'done', 'held')),
  priority INTEGER NOT NULL DEFAULT 0, position REAL NOT NULL,
  want INTEGER NOT NULL, taken INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0,
  probe TEXT NOT NULL DEFAULT '' CHECK (probe IN ('', 'check', 'qualification', 'repeat')),
  settled INTEGER NOT NULL DEFAULT 0, agreement REAL, differs TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX item_fresh ON item(priority DESC, position, number) WHERE stage = 'fresh';
CREATE INDEX item_again ON item(priority DESC, position, number) WHERE stage = 'again';
CREATE INDEX item_probe ON item(probe, number) WHERE probe <> '';
CREATE INDEX item_settled ON item(number) WHERE settled = 1;
CREATE INDEX item_disagreement ON item(settled, agreement, number) WHERE agreement < 1;
CREATE TABLE content (
  item INTEGER PRIMARY KEY REFERENCES item(number), text TEXT NOT NULL,
  escaped INTEGER NOT NULL DEFAULT 0, candidates TEXT, meta TEXT, priority INTEGER NOT NULL DEFAULT 0, sound TEXT
) STRICT;
CREATE TABLE suggestion (
  number INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item(number), task TEXT NOT NULL,
  value TEXT NOT NULL, score REAL, source TEXT NOT NULL, version TEXT NOT NULL DEFAULT '',
  withdrawn INTEGER NOT NULL DEFAULT 0, UNIQUE (item, task, value, source)
) STRICT;
CREATE TABLE source (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, accepted INTEGER NOT NULL DEFAULT 0,
  changed INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0, UNIQUE (name, version)
) STRICT;
CREATE TABLE consulted (
  source INTEGER NOT NULL REFERENCES source(id), item INTEGER NOT NULL REFERENCES item(number),
  PRIMARY KEY (item, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE assignment (
  item INTEGER NOT NULL REFERENCES item(number), annotator INTEGER NOT NULL REFERENCES annotator(id),
  state TEXT NOT NULL CHECK (state IN ('leased', 'done', 'skipped')),
  revision INTEGER NOT NULL DEFAULT 0, turn INTEGER NOT NULL DEFAULT 0,
  reopened INTEGER NOT NULL DEFAULT 0, lease_until INTEGER,
  active_ms INTEGER, submitted_at TEXT NOT NULL DEFAULT '', labels TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (item, annotator)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignment_lease ON assignment(annotator, reopened DESC, item) WHERE state = 'leased';
CREATE INDEX assignment_expiry ON assignment(lease_until) WHERE state = 'leased';
CREATE INDEX assignment_turn ON assignment(annotator, turn) WHERE state IN ('done', 'skipped');
CREATE INDEX assignment_skipped ON assignment(annotator, turn) WHERE state = 'skipped';
CREATE INDEX assignment_pace ON assignment(active_ms, item, annotator) WHERE state = 'done' AND active_ms IS NOT NULL;
CREATE TABLE annotation (
  item INTEGER NOT NULL REFERENCES item(number), annotator INTEGER NOT NULL REFERENCES annotator(id),
  revision INTEGER NOT NULL, status TEXT NOT NULL CHECK (status IN ('submitted', 'skipped', 'undone')),
  answers TEXT NOT NULL, origin TEXT NOT NULL, flags TEXT NOT NULL, decisions TEXT NOT NULL,
  started_at TEXT NOT NULL, submitted_at TEXT NOT NULL,
  active_ms INTEGER NOT NULL, idle_ms INTEGER NOT NULL, paused_ms INTEGER NOT NULL, task_ms TEXT NOT NULL,
  labels_version INTEGER NOT NULL, guidelines_version INTEGER NOT NULL,
  turn INTEGER NOT NULL, save_id TEXT NOT NULL, work TEXT NOT NULL DEFAULT '', listening TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (item, annotator, revision)
) STRICT, WITHOUT ROWID;
CREATE INDEX annotation_undone ON annotation(annotator, turn) WHERE status = 'undone';
CREATE TABLE draft (
  item INTEGER NOT NULL REFERENCES item(number), annotator INTEGER NOT NULL REFERENCES annotator(id),
  work TEXT NOT NULL, saved_at TEXT NOT NULL, corrects INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (item, annotator)
) STRICT, WITHOUT ROWID;
CREATE INDEX draft_of ON draft(annotator, item);
CREATE TABLE tally (
  annotator INTEGER PRIMARY KEY REFERENCES annotator(id), turn INTEGER NOT NULL DEFAULT 0,
  answered INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0, finished INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE passed (
  annotator INTEGER NOT NULL REFERENCES annotator(id), priority INTEGER NOT NULL, position REAL NOT NULL,
  PRIMARY KEY (annotator, priority)
) STRICT, WITHOUT ROWID;
CREATE TABLE sprint (
  number INTEGER PRIMARY KEY, annotator INTEGER NOT NULL REFERENCES annotator(id),
  started_at TEXT NOT NULL, ended_at TEXT NOT NULL, planned_ms INTEGER NOT NULL, active_ms INTEGER NOT NULL,
  items INTEGER NOT NULL, sound_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE flagged (
  item INTEGER NOT NULL REFERENCES item(number), annotator INTEGER NOT NULL REFERENCES annotator(id),
  reason TEXT NOT NULL, PRIMARY KEY (item, annotator, reason)
) STRICT, WITHOUT ROWID;
CREATE INDEX flagged_reason ON flagged(reason, item, annotator);
CREATE TABLE gold (
  item INTEGER NOT NULL REFERENCES item(number), revision INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('settled', 'accepted', 'auto', 'given', 'withdrawn')),
  answers TEXT NOT NULL, reviewer TEXT NOT NULL, rule TEXT NOT NULL, sources TEXT NOT NULL, origin TEXT NOT NULL,
  example INTEGER NOT NULL, at TEXT NOT NULL, active_ms INTEGER NOT NULL,
  labels_version INTEGER NOT NULL, guidelines_version INTEGER NOT NULL,
  before INTEGER NOT NULL, save_id TEXT NOT NULL, PRIMARY KEY (item, revision)
) STRICT, WITHOUT ROWID;
CREATE TABLE corrected (
  item INTEGER NOT NULL REFERENCES item(number), annotator INTEGER NOT NULL REFERENCES annotator(id),
  PRIMARY KEY (item, annotator)
) STRICT, WITHOUT ROWID;
CREATE TABLE returned (
  number INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item(number),
  annotator INTEGER NOT NULL REFERENCES annotator(id), revision INTEGER NOT NULL,
  reviewer TEXT NOT NULL, at TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'taken back')), answered INTEGER
) STRICT;
CREATE INDEX returned_open ON returned(annotator, number) WHERE state = 'open';
CREATE INDEX returned_answered ON returned(number) WHERE state = 'answered';
CREATE INDEX returned_item ON returned(item, annotator);
CREATE TABLE comment (
  number INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item(number), author TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('comment', 'question', 'return', 'correction')),
  addressee TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL, read_at TEXT,
  unanswered INTEGER NOT NULL DEFAULT 0, returned INTEGER REFERENCES returned(number)
) STRICT;
CREATE INDEX comment_item ON comment(item);
CREATE INDEX comment_addressee ON comment(addressee, number);
CREATE INDEX comment_unread ON comment(addressee, item) WHERE read_at IS NULL;
CREATE INDEX comment_unanswered ON comment(number) WHERE unanswered = 1;
CREATE TABLE repeat (
  item INTEGER PRIMARY KEY REFERENCES item(number), of INTEGER NOT NULL REFERENCES item(number),
  annotator INTEGER NOT NULL REFERENCES annotator(id), UNIQUE (annotator, of)
) STRICT;
CREATE INDEX repeat_annotator ON repeat(annotator, item);
CREATE TABLE attempt (
  number INTEGER PRIMARY KEY, annotator INTEGER NOT NULL REFERENCES annotator(id),
  correct REAL NOT NULL, of INTEGER NOT NULL, passed INTEGER NOT NULL, at TEXT NOT NULL, turn INTEGER NOT NULL
) STRICT;
CREATE INDEX attempt_annotator ON attempt(annotator, number);
CREATE TABLE told (
  annotator INTEGER NOT NULL REFERENCES annotator(id), kind TEXT NOT NULL CHECK (kind IN ('labels', 'guidelines')),
  number INTEGER NOT NULL, PRIMARY KEY (annotator, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE reviewing (
  item INTEGER NOT NULL REFERENCES item(number), reviewer TEXT NOT NULL, lease_until INTEGER NOT NULL,
  draft TEXT NOT NULL DEFAULT '', PRIMARY KEY (item, reviewer)
) STRICT;
CREATE TABLE unweighed (item INTEGER PRIMARY KEY REFERENCES item(number)) STRICT;
"""
COUNTERS = "INSERT INTO counter VALUES ('items', 0), ('done', 0), ('arrival', 0), ('repeats', 0)"
"""The only rows that are there from the first."""

TOTAL = """(SELECT CAST(sum({0}) AS INTEGER) FROM
      (SELECT {0}, status, stood, min(stood) OVER (ORDER BY revision ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS fewest
       FROM (SELECT {0}, status, revision, sum(CASE status WHEN 'undone' THEN -1 ELSE 1 END) OVER (ORDER BY revision) AS stood
             FROM annotation AS made WHERE made.item = assignment.item AND made.annotator = assignment.annotator) AS counted
      ) AS told WHERE status <> 'undone' AND coalesce(fewest, stood) >= stood)"""
"""The sum of a column over the revisions of an answer that stand.

Each `undone` takes away the latest that stood before it.  So a revision is gone where, at any later one, fewer stand
than did right after it.
"""
SPENT = f"CASE annotation.revision WHEN 1 THEN annotation.{{0}} ELSE {TOTAL} END"
"""The same for the standing revision: mostly that is the first one, and there is nothing to sum up."""
VIEWS = """CREATE VIEW answers_latest AS
  SELECT item.key AS item, annotator.name AS annotator, annotation.answers, annotation.flags, annotation.started_at,
    annotation.submitted_at, {active} AS active_ms, {idle} AS idle_ms, annotation.labels_version,
    annotation.guidelines_version, annotation.revision, content.text
  FROM assignment
  JOIN annotation USING (item, annotator, revision)
  JOIN item ON item.number = assignment.item
  JOIN content ON content.item = assignment.item
  JOIN annotator ON annotator.id = assignment.annotator
  WHERE assignment.state = 'done' AND item.probe IN ('', 'check');
CREATE VIEW spans_latest AS
  SELECT answers_latest.item, annotator, task.key AS task, json_extract(part.value, '$.label') AS label,
    CAST(json_extract(part.value, '$.start') AS INTEGER) AS start, CAST(json_extract(part.value, '$.end') AS INTEGER) AS "end",
    json_extract(part.value, '$.text') AS text, submitted_at
  FROM answers_latest JOIN item ON item.key = answers_latest.item JOIN content ON content.item = item.number, {parts}
  WHERE content.sound IS NULL AND {is_part};
CREATE VIEW segments_latest AS
  SELECT answers_latest.item, json_extract(content.sound, '$.path') AS audio, annotator, task.key AS task,
    CAST(json_extract(part.value, '$.start') AS REAL) AS start, CAST(json_extract(part.value, '$.end') AS REAL) AS "end",
    json_extract(part.value, '$.label') AS label, json_extract(part.value, '$.speaker') AS speaker,
    json_extract(part.value, '$.text') AS text, submitted_at
  FROM answers_latest JOIN item ON item.key = answers_latest.item JOIN content ON content.item = item.number, {parts}
  WHERE content.sound IS NOT NULL AND {is_part};
CREATE VIEW listening_latest AS
  SELECT item.key AS item, json_extract(content.sound, '$.path') AS audio, annotator.name AS annotator,
    CAST(json_extract(annotation.listening, '$.plays') AS INTEGER) AS plays,
    CAST(json_extract(annotation.listening, '$.coverage') AS REAL) AS coverage,
    CAST(json_extract(annotation.listening, '$.seconds') AS REAL) AS seconds_heard,
    CAST(json_extract(content.sound, '$.duration') AS REAL) AS duration,
    round({active} / 10.0 / CAST(json_extract(content.sound, '$.duration') AS REAL)) / 100 AS real_time_factor,
    CAST(json_extract(annotation.listening, '$.first_play_ms') AS INTEGER) AS first_play_ms,
    CAST(json_extract(annotation.listening, '$.keystrokes') AS INTEGER) AS keystrokes
  FROM assignment
  JOIN annotation USING (item, annotator, revision)
  JOIN item ON item.number = assignment.item
  JOIN content ON content.item = assignment.item
  JOIN annotator ON annotator.id = assignment.annotator
  WHERE assignment.state = 'done' AND item.probe IN ('', 'check') AND annotation.listening <> '';
CREATE VIEW flags_open AS
  SELECT item.key AS item, annotator.name AS annotator, json_extract(flag.value, '$.reason') AS reason,
    json_extract(flag.value, '$.note') AS note, annotation.status, annotation.submitted_at
  FROM assignment
  JOIN annotation USING (item, annotator, revision)
  JOIN item ON item.number = assignment.item
  JOIN annotator ON annotator.id = assignment.annotator, {flags}
  WHERE assignment.state IN ('done', 'skipped') AND item.probe IN ('', 'check');
CREATE VIEW pace AS
  SELECT annotator, count(*) AS answers, round(sum(active_ms) / 1000.0, 1) AS active_seconds,
    round(sum(idle_ms) / 1000.0, 1) AS idle_seconds, round(avg(active_ms)) AS mean_ms,
    round(count(*) * 3600000.0 / nullif(sum(active_ms), 0)) AS per_hour, max(submitted_at) AS last_at
  FROM answers_latest GROUP BY annotator;
CREATE VIEW gold_latest AS
  SELECT item.key AS item, gold.answers, gold.outcome, gold.reviewer, gold.rule, gold.sources, gold.example, gold.at,
    gold.active_ms, gold.labels_version, gold.guidelines_version, gold.revision, item.probe, content.text
  FROM item
  JOIN gold ON gold.item = item.number
    AND gold.revision = (SELECT max(revision) FROM gold AS other WHERE other.item = item.number)
  JOIN content ON content.item = item.number
  WHERE item.settled = 1;
CREATE VIEW disagreements AS
  SELECT item.key AS item, round((1 - item.agreement) * 1000) / 1000 AS disagreement,
    trim(replace(item.differs, '\n', ' ')) AS tasks, item.done AS answers, item.settled, content.text
  FROM item JOIN content ON content.item = item.number
  WHERE item.agreement < 1 AND item.probe IN ('', 'check') ORDER BY item.agreement, item.number;
CREATE VIEW comments AS
  SELECT item.key AS item, comment.at, author, nullif(addressee, '') AS addressee, kind, comment.text, read_at,
    unanswered, content.text AS about
  FROM comment JOIN item ON item.number = comment.item JOIN content ON content.item = comment.item
  ORDER BY comment.number;
CREATE VIEW returns AS
  SELECT item.key AS item, annotator.name AS annotator, returned.reviewer, returned.at, returned.state,
    returned.revision AS sent_back, returned.answered
  FROM returned JOIN item ON item.number = returned.item JOIN annotator ON annotator.id = returned.annotator;
"""


class Spelling(NamedTuple):
    """How an engine opens JSON in a FROM, as rows with `key` and `value`."""

    parts: str
    """The things in the lists of an answer: `task` and `part`."""
    is_part: str
    flags: str


SQLITE = Spelling(
    "json_each(answers_latest.answers) AS task, json_each(task.value) AS part",
    "task.type = 'array' AND part.type = 'object'",
    "json_each(annotation.flags) AS flag",
)


def statements(spelling: Spelling) -> Iterator[str]:
    """All of it, one by one."""
    views = VIEWS.format(active=SPENT.format("active_ms"), idle=SPENT.format("idle_ms"), **spelling._asdict())
    return (one.strip() for one in f"{TABLES}{COUNTERS};\n{views}".split(";\n") if one.strip())
