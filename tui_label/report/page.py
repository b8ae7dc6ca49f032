"""The page put together: head, sections, and how each figure is defined."""

from __future__ import annotations

from importlib.resources import files

from tui_label.report import accord, people, sections
from tui_label.report.agreement_report import MEASURES
from tui_label.report.markup import Html, joined, tag
from tui_label.report.material import Material

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The browser itself sees to it that nothing is fetched and nothing runs."""

WORDS = (
    ("active time", "The time between two keys, unless it is longer than the project's idle time: then all of it is "
     "idle. An answer's time is that of all its revisions that stand."),
    ("items an hour", "Answers with a time, by the hours of their active time."),
    ("too fast, fast runs", "Below the project's limit; five or more in a row, in the order of the answers."),
    ("corrected, undone", "Submissions after an item's first; submissions that were taken back."),
    ("95 % interval", "Agreement: the percentile bootstrap over items (Efron & Tibshirani 1993), none where all "
     "resamples say the same. Shares of a person or a pair: Wilson's score interval (Wilson 1927). Differences of shares: Newcombe 1998, method 10."),
    ("by chance", "How often a random order of the same answers repeats a label: the sum of n(n-1) by N(N-1)."),
)  # fmt: skip
OF_SUGGESTIONS = (
    ("shown, ignored", "Suggestions on the screen of somebody who answered; those that they did not decide about."),
    ("precision, recall", "The share of what a source suggested that is in the answers; of what is in the answers that it "
     "suggested. Exact spans, labels; each annotator's answer counts."),
)  # fmt: skip
SOURCES = {
    "percent": "The share of pairs of answers about an item that are the same.",
    "alpha_nominal": "Krippendorff 2004, Content Analysis, ch. 11; nominal distances.",
    "alpha_ordinal": "Krippendorff 2004, Content Analysis, ch. 11; ordinal distances.",
    "alpha_interval": "Krippendorff 2004, Content Analysis, ch. 11; interval distances.",
    "alpha_sets": "Krippendorff's alpha with distances between sets of labels.",
    "fleiss_kappa": "Fleiss 1971, Psychological Bulletin 76: 378-382.",
    "ac1": "Gwet 2008, British Journal of Mathematical and Statistical Psychology 61: 29-48.",
    "ac2": "Gwet 2014, Handbook of Inter-Rater Reliability; quadratic weights.",
    "cohen_kappa": "Cohen 1960, Educational and Psychological Measurement 20: 37-46.",
    "kappa_linear": "Cohen 1968, Psychological Bulletin 70: 213-220; linear weights.",
    "kappa_quadratic": "Cohen 1968, Psychological Bulletin 70: 213-220; quadratic weights.",
    "specific": "How often another annotator gave the label too, where one did (Cicchetti & Feinstein 1990).",
    "jaccard": "Labels in both answers by labels in either (Jaccard 1912).",
    "kendall_tau": "Kendall 1938, Biometrika 30: 81-93.",
    "f1_strict": "Spans with the same ends and label in both answers: 2 × shared by the sum of both.",
    "f1_partial_label": "The same, where an overlap under the same label counts half.",
    "f1_exact": "Spans with the same ends, whatever the label (exact of SemEval-2013 task 9).",
    "f1_partial": "The same, where an overlap counts half (partial of SemEval-2013 task 9).",
    "f1_characters": "Characters under the same label in both answers: 2 × shared by the sum of both.",
    "f1_near": "Segments with the same label and speaker that share half their time or more.",
    "f1_time": "Time under the same label and speaker.",
    "wer": "Words put in, left out and replaced, by the mean of the words of both texts (Levenshtein 1966); against a "
    "known answer, or one's own of weeks before, by the words of that.",
    "cer": "The same over characters.",
}
"""What a measure is, or who defined it."""


def page(of: Material) -> str:
    """The whole document."""
    title = f"{of.project.name}: report"
    parts = [(id, head, body) for id, head, body in _sections(of) if body]
    style = files("tui_label.report").joinpath("style.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Html(style)),
    )
    body = tag(
        "body",
        tag(
            "header",
            tag("h1", of.project.name),
            tag("p", _made(of), class_="soft"),
            sections.summary(of),
            tag("nav", (tag("a", words, href=f"#{id}") for id, words, _ in parts), aria_label="Sections"),
        ),
        tag("main", (tag("section", tag("h2", words), inside, id=id) for id, words, inside in parts)),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _sections(of: Material) -> list[tuple[str, str, Html | None]]:
    return [
        ("progress", "Progress", sections.progress(of)),
        ("agreement", "Agreement", accord.agreement(of)),
        ("accuracy", "Known answers and consistency", joined(accord.accuracy(of), sections.known(of)) or None),
        ("pace", "Pace and care", people.pace(of) if of.people else None),
        ("time", "Over the day and the weeks", people.drift(of)),
        ("labels", "Labels", people.labels(of) if of.people else None),
        ("flags", "Flags", sections.flags(of)),
        ("suggestions", "Suggestions", sections.suggestions(of)),
        ("examples", "Examples for the guidelines", sections.examples(of)),
        ("versions", "Guidelines and labels", sections.versions(of)),
        ("words", "How the figures are defined", _words(of)),
    ]


def _made(of: Material) -> str:
    zone = f"{of.at:%z}"
    names = " Letters stand for the annotators' names, in an order of this report alone." if of.is_blind else ""
    return f"As of {of.at.day} {of.at:%B %Y, %H:%M}; days and hours are those of UTC{zone[:3]}:{zone[3:]}.{names}"


def _words(of: Material) -> Html:
    used = {
        one.measure: None
        for task in of.agreement.tasks
        for one in (*task.figures, *(figure for part in task.labels for figure in part.figures))
    }
    measures = [(MEASURES.get(name, name), SOURCES[name]) for name in used if name in SOURCES]
    known = (*WORDS, *(OF_SUGGESTIONS if of.sources else ()), *measures)
    return tag("dl", ((tag("dt", name), tag("dd", words)) for name, words in known), class_="words")
