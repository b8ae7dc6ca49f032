"""The tables, as migrations.  They are a public interface: leads open the file with sqlite-utils
and Datasette, so names are plain words, foreign keys are declared, times are UTC ISO 8601 text.

`item` is the narrow row that the queue moves; the text lives in `content`, so that a
claim never rewrites a long document.  Rows of `annotation` and `gold` are never changed or
deleted.

For the reviewers' queues, `assignment` repeats what is asked of each standing answer in
columns that are quick to read; `flagged` and `corrected` list what is rare.

What a `source` suggests no more is `withdrawn`; `consulted` says about which items it was asked, also in vain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from sqlite_utils import Database

APPLICATION_ID = 0x7475694C  # "tuiL"
KNOWN = ("0001 queue and record", "0002 sound", "0003 review", "0004 sources of suggestions")

TABLES = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT INTO counter VALUES ('items', 0), ('done', 0), ('arrival', 0);
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
  want INTEGER NOT NULL, taken INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX item_fresh ON item(priority DESC, position, number) WHERE stage = 'fresh';
CREATE INDEX item_again ON item(priority DESC, position, number) WHERE stage = 'again';
CREATE TABLE content (
  item INTEGER PRIMARY KEY REFERENCES item(number), text TEXT NOT NULL,
  escaped INTEGER NOT NULL DEFAULT 0, candidates TEXT, meta TEXT, priority INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE suggestion (
  number INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item(number), task TEXT NOT NULL,
  value TEXT NOT NULL, score REAL, source TEXT NOT NULL, UNIQUE (item, task, value, source)
) STRICT;
CREATE TABLE assignment (
  item INTEGER NOT NULL REFERENCES item(number), annotator INTEGER NOT NULL REFERENCES annotator(id),
  state TEXT NOT NULL CHECK (state IN ('leased', 'done', 'skipped')),
  revision INTEGER NOT NULL DEFAULT 0, turn INTEGER NOT NULL DEFAULT 0,
  reopened INTEGER NOT NULL DEFAULT 0, lease_until INTEGER,
  PRIMARY KEY (item, annotator)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignment_lease ON assignment(annotator, reopened DESC, item) WHERE state = 'leased';
CREATE INDEX assignment_expiry ON assignment(lease_until) WHERE state = 'leased';
CREATE INDEX assignment_turn ON assignment(annotator, turn) WHERE state IN ('done', 'skipped');
CREATE INDEX assignment_skipped ON assignment(annotator, turn) WHERE state = 'skipped';
CREATE TABLE annotation (
  item INTEGER NOT NULL REFERENCES item(number), annotator INTEGER NOT NULL REFERENCES annotator(id),
  revision INTEGER NOT NULL, status TEXT NOT NULL CHECK (status IN ('submitted', 'skipped', 'undone')),
  answers TEXT NOT NULL, origin TEXT NOT NULL, flags TEXT NOT NULL, decisions TEXT NOT NULL,
  started_at TEXT NOT NULL, submitted_at TEXT NOT NULL,
  active_ms INTEGER NOT NULL, idle_ms INTEGER NOT NULL, paused_ms INTEGER NOT NULL, task_ms TEXT NOT NULL,
  labels_version INTEGER NOT NULL, guidelines_version INTEGER NOT NULL,
  turn INTEGER NOT NULL, save_id TEXT NOT NULL, work TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (item, annotator, revision)
) STRICT, WITHOUT ROWID;
CREATE TABLE draft (
  item INTEGER NOT NULL REFERENCES item(number), annotator INTEGER NOT NULL REFERENCES annotator(id),
  work TEXT NOT NULL, saved_at TEXT NOT NULL, PRIMARY KEY (item, annotator)
) STRICT, WITHOUT ROWID;
CREATE INDEX draft_of ON draft(annotator, item);
CREATE TABLE tally (
  annotator INTEGER PRIMARY KEY REFERENCES annotator(id), turn INTEGER NOT NULL DEFAULT 0,
  answered INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE passed (
  annotator INTEGER NOT NULL REFERENCES annotator(id), priority INTEGER NOT NULL, position REAL NOT NULL,
  PRIMARY KEY (annotator, priority)
) STRICT, WITHOUT ROWID;
CREATE VIEW answers_latest AS
  SELECT item.key AS item, annotator.name AS annotator, annotation.answers, annotation.flags, annotation.started_at,
    annotation.submitted_at, annotation.active_ms, annotation.idle_ms, annotation.labels_version,
    annotation.guidelines_version, annotation.revision, content.text
  FROM assignment
  JOIN annotation USING (item, annotator, revision)
  JOIN item ON item.number = assignment.item
  JOIN content ON content.item = assignment.item
  JOIN annotator ON annotator.id = assignment.annotator
  WHERE assignment.state = 'done';
CREATE VIEW spans_latest AS
  SELECT answers_latest.item, annotator, task.key AS task, json_extract(span.value, '$.label') AS label,
    json_extract(span.value, '$.start') AS start, json_extract(span.value, '$.end') AS end,
    json_extract(span.value, '$.text') AS text, submitted_at
  FROM answers_latest, json_each(answers_latest.answers) AS task, json_each(task.value) AS span
  WHERE task.type = 'array' AND span.type = 'object';
CREATE VIEW flags_open AS
  SELECT item.key AS item, annotator.name AS annotator, json_extract(flag.value, '$.reason') AS reason,
    json_extract(flag.value, '$.note') AS note, annotation.status, annotation.submitted_at
  FROM assignment
  JOIN annotation USING (item, annotator, revision)
  JOIN item ON item.number = assignment.item
  JOIN annotator ON annotator.id = assignment.annotator, json_each(annotation.flags) AS flag
  WHERE assignment.state IN ('done', 'skipped');
CREATE VIEW pace AS
  SELECT annotator, count(*) AS answers, round(sum(active_ms) / 1000.0, 1) AS active_seconds,
    round(sum(idle_ms) / 1000.0, 1) AS idle_seconds, round(avg(active_ms)) AS mean_ms,
    round(count(*) * 3600000.0 / nullif(sum(active_ms), 0)) AS per_hour, max(submitted_at) AS last_at
  FROM answers_latest GROUP BY annotator;
"""

SOUND = """
ALTER TABLE content ADD COLUMN sound TEXT;
ALTER TABLE annotation ADD COLUMN listening TEXT NOT NULL DEFAULT '';
CREATE TABLE sprint (
  number INTEGER PRIMARY KEY, annotator INTEGER NOT NULL REFERENCES annotator(id),
  started_at TEXT NOT NULL, ended_at TEXT NOT NULL, planned_ms INTEGER NOT NULL, active_ms INTEGER NOT NULL,
  items INTEGER NOT NULL, sound_ms INTEGER NOT NULL
) STRICT;
DROP VIEW spans_latest;
CREATE VIEW spans_latest AS
  SELECT answers_latest.item, annotator, task.key AS task, json_extract(span.value, '$.label') AS label,
    json_extract(span.value, '$.start') AS start, json_extract(span.value, '$.end') AS end,
    json_extract(span.value, '$.text') AS text, submitted_at
  FROM answers_latest JOIN item ON item.key = answers_latest.item JOIN content ON content.item = item.number,
    json_each(answers_latest.answers) AS task, json_each(task.value) AS span
  WHERE content.sound IS NULL AND task.type = 'array' AND span.type = 'object';
CREATE VIEW segments_latest AS
  SELECT answers_latest.item, json_extract(content.sound, '$.path') AS audio, annotator, task.key AS task,
    json_extract(segment.value, '$.start') AS start, json_extract(segment.value, '$.end') AS end,
    json_extract(segment.value, '$.label') AS label, json_extract(segment.value, '$.speaker') AS speaker,
    json_extract(segment.value, '$.text') AS text, submitted_at
  FROM answers_latest JOIN item ON item.key = answers_latest.item JOIN content ON content.item = item.number,
    json_each(answers_latest.answers) AS task, json_each(task.value) AS segment
  WHERE content.sound IS NOT NULL AND task.type = 'array' AND segment.type = 'object';
CREATE VIEW listening_latest AS
  SELECT item.key AS item, json_extract(content.sound, '$.path') AS audio, annotator.name AS annotator,
    json_extract(annotation.listening, '$.plays') AS plays, json_extract(annotation.listening, '$.coverage') AS coverage,
    json_extract(annotation.listening, '$.seconds') AS seconds_heard,
    json_extract(content.sound, '$.duration') AS duration,
    round(annotation.active_ms / 1000.0 / json_extract(content.sound, '$.duration'), 2) AS real_time_factor,
    json_extract(annotation.listening, '$.first_play_ms') AS first_play_ms,
    json_extract(annotation.listening, '$.keystrokes') AS keystrokes
  FROM assignment
  JOIN annotation USING (item, annotator, revision)
  JOIN item ON item.number = assignment.item
  JOIN content ON content.item = assignment.item
  JOIN annotator ON annotator.id = assignment.annotator
  WHERE assignment.state = 'done' AND annotation.listening != '';
"""

REVIEW = """
ALTER TABLE item ADD COLUMN probe TEXT NOT NULL DEFAULT ''
  CHECK (probe = '' OR probe = 'check' OR probe = 'qualification' OR probe = 'repeat');
ALTER TABLE item ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN agreement REAL;
ALTER TABLE item ADD COLUMN differs TEXT NOT NULL DEFAULT '';
CREATE INDEX item_probe ON item(probe, number) WHERE probe <> '';
CREATE INDEX item_settled ON item(number) WHERE settled = 1;
CREATE INDEX item_disagreement ON item(settled, agreement, number) WHERE agreement < 1;
ALTER TABLE assignment ADD COLUMN active_ms INTEGER;
ALTER TABLE assignment ADD COLUMN submitted_at TEXT NOT NULL DEFAULT '';
ALTER TABLE assignment ADD COLUMN labels TEXT NOT NULL DEFAULT '';
CREATE INDEX assignment_pace ON assignment(active_ms, item, annotator) WHERE state = 'done' AND active_ms IS NOT NULL;
CREATE INDEX annotation_undone ON annotation(annotator, turn) WHERE status = 'undone';
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
  right REAL NOT NULL, of INTEGER NOT NULL, passed INTEGER NOT NULL, at TEXT NOT NULL, turn INTEGER NOT NULL
) STRICT;
CREATE INDEX attempt_annotator ON attempt(annotator, number);
CREATE TABLE told (
  annotator INTEGER NOT NULL REFERENCES annotator(id), kind TEXT NOT NULL CHECK (kind IN ('labels', 'guidelines')),
  number INTEGER NOT NULL, PRIMARY KEY (annotator, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE reviewing (
  item INTEGER PRIMARY KEY REFERENCES item(number), reviewer TEXT NOT NULL UNIQUE, lease_until INTEGER NOT NULL,
  draft TEXT NOT NULL DEFAULT ''
) STRICT;
DROP VIEW answers_latest;
CREATE VIEW answers_latest AS
  SELECT item.key AS item, annotator.name AS annotator, annotation.answers, annotation.flags, annotation.started_at,
    annotation.submitted_at, annotation.active_ms, annotation.idle_ms, annotation.labels_version,
    annotation.guidelines_version, annotation.revision, content.text
  FROM assignment
  JOIN annotation USING (item, annotator, revision)
  JOIN item ON item.number = assignment.item
  JOIN content ON content.item = assignment.item
  JOIN annotator ON annotator.id = assignment.annotator
  WHERE assignment.state = 'done' AND item.probe IN ('', 'check');
DROP VIEW flags_open;
CREATE VIEW flags_open AS
  SELECT item.key AS item, annotator.name AS annotator, json_extract(flag.value, '$.reason') AS reason,
    json_extract(flag.value, '$.note') AS note, annotation.status, annotation.submitted_at
  FROM assignment
  JOIN annotation USING (item, annotator, revision)
  JOIN item ON item.number = assignment.item
  JOIN annotator ON annotator.id = assignment.annotator, json_each(annotation.flags) AS flag
  WHERE assignment.state IN ('done', 'skipped') AND item.probe IN ('', 'check');
DROP VIEW listening_latest;
CREATE VIEW listening_latest AS
  SELECT item.key AS item, json_extract(content.sound, '$.path') AS audio, annotator.name AS annotator,
    json_extract(annotation.listening, '$.plays') AS plays, json_extract(annotation.listening, '$.coverage') AS coverage,
    json_extract(annotation.listening, '$.seconds') AS seconds_heard,
    json_extract(content.sound, '$.duration') AS duration,
    round(annotation.active_ms / 1000.0 / json_extract(content.sound, '$.duration'), 2) AS real_time_factor,
    json_extract(annotation.listening, '$.first_play_ms') AS first_play_ms,
    json_extract(annotation.listening, '$.keystrokes') AS keystrokes
  FROM assignment
  JOIN annotation USING (item, annotator, revision)
  JOIN item ON item.number = assignment.item
  JOIN content ON content.item = assignment.item
  JOIN annotator ON annotator.id = assignment.annotator
  WHERE assignment.state = 'done' AND item.probe IN ('', 'check') AND annotation.listening != '';
CREATE VIEW gold_latest AS
  SELECT item.key AS item, gold.answers, gold.outcome, gold.reviewer, gold.rule, gold.sources, gold.example, gold.at,
    gold.active_ms, gold.labels_version, gold.guidelines_version, gold.revision, item.probe, content.text
  FROM item
  JOIN gold ON gold.item = item.number
    AND gold.revision = (SELECT max(revision) FROM gold AS other WHERE other.item = item.number)
  JOIN content ON content.item = item.number
  WHERE item.settled = 1;
CREATE VIEW disagreements AS
  SELECT item.key AS item, round(1 - item.agreement, 3) AS disagreement, trim(item.differs, char(10)) AS tasks,
    item.done AS answers, item.settled, content.text
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

SOURCES = """
ALTER TABLE suggestion ADD COLUMN version TEXT NOT NULL DEFAULT '';
ALTER TABLE suggestion ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
CREATE TABLE source (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, accepted INTEGER NOT NULL DEFAULT 0,
  changed INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0, UNIQUE (name, version)
) STRICT;
INSERT INTO source(name, version, accepted, changed, rejected)
  SELECT suggestion.source, '', sum(decision.value = 'accepted'), sum(decision.value = 'changed'),
    sum(decision.value = 'rejected')
  FROM assignment JOIN annotation USING (item, annotator, revision), json_each(annotation.decisions) AS decision
  JOIN suggestion ON suggestion.number = CAST(decision.key AS INTEGER) AND suggestion.item = assignment.item
  WHERE assignment.state = 'done' GROUP BY suggestion.source;
CREATE TABLE consulted (
  source INTEGER NOT NULL REFERENCES source(id), item INTEGER NOT NULL REFERENCES item(number),
  PRIMARY KEY (item, source)
) STRICT, WITHOUT ROWID;
"""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date; the caller holds the write lock.

    Statements go one by one: a script would commit the caller's transaction.
    """
    from sqlite_utils import Database, Migrations

    migrations = Migrations("tui-label")

    @migrations(name=KNOWN[0])
    def _queue_and_record(db: Database) -> None:
        _run(db, TABLES)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    @migrations(name=KNOWN[1])
    def _sound(db: Database) -> None:
        _run(db, SOUND)

    @migrations(name=KNOWN[2])
    def _review(db: Database) -> None:
        _run(db, REVIEW)

    @migrations(name=KNOWN[3])
    def _sources(db: Database) -> None:
        _run(db, SOURCES)

    migrations.apply(Database(connection, execute_plugins=False))


def _run(db: Database, statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            db.execute(statement)


def is_foreign(connection: sqlite3.Connection) -> bool:
    """Whether another program made this database: not an empty file, and without our mark."""
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return bool(tables) and mark != APPLICATION_ID


def applied(connection: sqlite3.Connection) -> list[str]:
    """Names of the migrations a database has had; empty for a new one."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchall()
    if not found:
        return []
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'tui-label'").fetchall()
    return [name for (name,) in rows]
