"""Coefficients against published worked examples and against independent libraries."""

from __future__ import annotations

import warnings

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_kappa
from tables import of_table, reliability

from tui_label.quality.coefficients import Table, of_pair, tabulated
from tui_label.quality.estimates import ONE_LABEL, Draws, wilson
from tui_label.quality.scores import Score, score_figures

_ = -1

# Krippendorff 2011, section E: four observers, twelve units, values 1 to 5
FOUR_CODERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
).T
CODED = np.where(FOUR_CODERS > 0, FOUR_CODERS - 1, -1)
# Fleiss 1971 in the form of Wikipedia's worked example: ten items, fourteen raters, five labels
FLEISS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)


def values_of(counts: np.ndarray) -> np.ndarray:
    """(items, annotators) of what (items, labels) counts."""
    return np.array([np.repeat(np.arange(counts.shape[1]), row) for row in counts])


def pairs(*cells: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Two annotators' labels from `(one, other, times)`."""
    one = np.concatenate([np.full(times, a) for a, _b, times in cells])
    other = np.concatenate([np.full(times, b) for _a, b, times in cells])
    return one, other


def value(table: Table, measure: str, scale: range = range(0)) -> float:
    figure = of_table(table, measure, values=list(scale))
    assert figure.value is not None
    return figure.value


# Published examples


@pytest.mark.parametrize(
    ("measure", "published"),
    [
        ("alpha_nominal", 0.743),
        ("alpha_ordinal", 0.815),
        ("alpha_interval", 0.849),
        ("percent", 0.81818),
    ],
)
def test_krippendorffs_four_coders(measure, published):
    digits = len(str(published)) - 2
    assert round(value(reliability(CODED, 5), measure, range(1, 6)), digits) == published


def gwets(measure: str, values: np.ndarray, labels: int, prevalent: np.ndarray) -> float:
    """The coefficient by Gwet's formulas, item by item, with the labels' prevalence in `prevalent`."""
    told = [np.bincount(row[row >= 0], minlength=labels) for row in values]
    near = np.eye(labels)
    if measure == "ac2":
        near = 1 - (np.subtract.outer(np.arange(labels), np.arange(labels)) / (labels - 1)) ** 2
    observed = np.mean([row @ (near @ row - 1) / (row.sum() * (row.sum() - 1)) for row in told if row.sum() > 1])
    share = np.mean([np.bincount(row[row >= 0], minlength=labels) / (row >= 0).sum() for row in prevalent], axis=0)
    chance = (
        (share**2).sum()
        if measure == "fleiss_kappa"
        else near.sum() / (labels * (labels - 1)) * (share * (1 - share)).sum()
    )
    return (observed - chance) / (1 - chance) if chance < 1 - 1e-9 else np.nan


@pytest.mark.parametrize(("measure", "published"), [("fleiss_kappa", 0.76117), ("ac1", 0.77544), ("ac2", 0.914)])
def test_gwets_coefficients_but_for_the_prevalence_in_items_with_one_answer(measure, published):
    """Gwet 2014, table 2.10 onward, where the one answer to the last unit counts for prevalence."""
    assert round(gwets(measure, CODED, 5, CODED), 5) == published
    assert value(reliability(CODED, 5), measure, range(1, 6)) == pytest.approx(gwets(measure, CODED, 5, CODED[:-1]))


def test_fleiss_on_his_example():
    table = reliability(values_of(FLEISS), 5)

    assert round(value(table, "fleiss_kappa"), 3) == 0.210
    assert round(value(table, "percent"), 3) == 0.378


def test_cohen_on_fifty_grant_applications():
    """20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no."""
    one, other = pairs((1, 1, 20), (1, 0, 5), (0, 1, 10), (0, 0, 15))

    assert of_pair(one, other, 2, "cohen_kappa").value == pytest.approx(0.40)


def test_cohens_kappa_differs_where_percent_is_the_same():
    """Wikipedia's two tables of 60 % agreement."""
    first = pairs((0, 0, 45), (0, 1, 15), (1, 0, 25), (1, 1, 15))
    second = pairs((0, 0, 25), (0, 1, 35), (1, 0, 5), (1, 1, 35))

    assert of_pair(*first, 2, "cohen_kappa").value == pytest.approx(0.1304, abs=5e-5)
    assert of_pair(*second, 2, "cohen_kappa").value == pytest.approx(0.2593, abs=5e-5)


def test_two_observers_with_binary_data():
    """Krippendorff 2011, section A."""
    meg = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    owen = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]

    assert round(value(reliability(np.array([meg, owen]).T, 2), "alpha_nominal"), 3) == 0.095


def test_two_observers_with_nominal_data():
    """Krippendorff 2011, section B: twelve units, five values."""
    ben = "aabbdcccedda"
    gerry = "babbbccceddd"
    codes = np.array([[ord(letter) - ord("a") for letter in said] for said in (ben, gerry)]).T

    assert round(value(reliability(codes, 5), "alpha_nominal"), 3) == 0.692


def test_a_dominant_label_drags_kappa_down_but_not_ac1():
    """Gwet 2008, table 1 onward (Feinstein & Cicchetti's paradox): 118 and 2 on the diagonal, 5 off it."""
    one, other = pairs((0, 0, 118), (0, 1, 5), (1, 0, 2), (1, 1, 0))
    table = reliability(np.stack((one, other), axis=1), 2)

    assert of_pair(one, other, 2, "cohen_kappa").value == pytest.approx(-0.0234, abs=5e-5)
    assert value(table, "percent") == pytest.approx(0.944)
    assert value(table, "ac1") == pytest.approx(0.9408, abs=5e-5)


def test_answers_that_nobody_else_gave_say_nothing_about_chance():
    """36 x/x and 4 x/y by two, beside 80 items that one of them called y."""
    one, other = pairs((0, 0, 36), (0, 1, 4), (1, -1, 80))
    table = reliability(np.stack((one, other), axis=1), 2)

    assert value(table, "fleiss_kappa") == pytest.approx(-0.0526, abs=5e-5)
    assert value(table, "ac1") == pytest.approx(0.8895, abs=5e-5)
    assert of_table(table, "fleiss_kappa").n == 40


# Independent libraries, on made data with answers missing


@st.composite
def answered(draw, labels=4, missing=True):
    items, annotators = draw(st.integers(2, 14)), draw(st.integers(2, 5))
    low = -1 if missing else 0
    return draw(arrays(np.int64, (items, annotators), elements=st.integers(low, labels - 1)))


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
@given(values=answered())
def test_alpha_equals_the_library_krippendorff(level, values):
    figure = of_table(reliability(values, 4), f"alpha_{level}", values=range(4))
    data = np.where(values >= 0, values, np.nan).astype(float).T
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            known = krippendorff.alpha(reliability_data=data, value_domain=np.arange(4.0), level_of_measurement=level)
    except (ValueError, AssertionError):
        known = np.nan

    if figure.value is None:
        assert not np.isfinite(known) or len(set(data[np.isfinite(data)])) <= 1 or _one_value_in_pairs(values)
    else:
        assert figure.value == pytest.approx(known, abs=1e-6)


def _one_value_in_pairs(values) -> bool:
    paired = values[(values >= 0).sum(axis=1) > 1]
    return len(set(paired[paired >= 0])) <= 1


@given(values=answered(missing=False))
def test_fleiss_equals_statsmodels(values):
    figure = of_table(reliability(values, 4), "fleiss_kappa")
    counts = np.stack([(values == label).sum(axis=1) for label in range(4)], axis=1)

    if figure.value is None:
        assert len(set(values.ravel())) == 1
        assert figure.why == ONE_LABEL
    else:
        assert figure.value == pytest.approx(statsmodels_kappa(counts), abs=1e-6)


@pytest.mark.parametrize(
    ("measure", "weights"), [("cohen_kappa", None), ("kappa_linear", "linear"), ("kappa_quadratic", "quadratic")]
)
@given(values=answered(missing=False))
def test_cohen_equals_scikit_learn(measure, weights, values):
    one, other = values[:, 0], values[:, 1]
    figure = of_pair(one, other, 4, measure)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        known = cohen_kappa_score(one, other, labels=list(range(4)), weights=weights)

    if figure.value is None:
        assert set(one) == set(other)
        assert len(set(one)) == 1
    else:
        assert figure.value == pytest.approx(known, abs=1e-6)


@pytest.mark.parametrize("measure", ["fleiss_kappa", "ac1", "ac2"])
@given(values=answered())
def test_fleiss_and_gwet_on_the_items_with_two_answers(measure, values):
    paired = values[(values >= 0).sum(axis=1) > 1]
    figure = of_table(reliability(values, 4), measure, values=range(4))

    if figure.value is None:
        assert not len(paired) or _one_value_in_pairs(values)
    else:
        assert figure.value == pytest.approx(gwets(measure, paired, 4, paired))
        assert figure.n == len(paired)


SETS = [frozenset(label for label in range(3) if number >> label & 1) for number in range(8)]


@given(values=answered(labels=8))
def test_alpha_of_sets_equals_the_library_with_that_distance(values):
    item, annotator = np.nonzero(values >= 0)
    coding = np.array([[float(label in one) for label in range(3)] for one in SETS])
    figure = of_table(tabulated(item, values[item, annotator], coding), "alpha_sets")
    paired = values[(values >= 0).sum(axis=1) > 1]
    if len(set(paired[paired >= 0])) < 2:
        assert figure.value is None
        return

    def distance(v1, v2, **_):
        flat = np.bitwise_xor(v1.astype(int), v2.astype(int))
        return np.vectorize(int.bit_count, otypes=[float])(flat.astype(object))

    known = krippendorff.alpha(
        reliability_data=np.where(values >= 0, values, np.nan).T,
        value_domain=np.arange(8.0),
        level_of_measurement=distance,
    )
    assert figure.value == pytest.approx(known, abs=1e-6)


def test_agreement_on_one_label():
    """40 yes/yes, 5 and 10 mixed, 45 no/no: of 95 answers yes, 80 stand beside another yes (Cicchetti & Feinstein)."""
    table = reliability(np.stack(pairs((0, 0, 40), (0, 1, 5), (1, 0, 10), (1, 1, 45)), axis=1), 3)

    assert value(table.only(0), "specific") == pytest.approx(80 / 95)
    assert of_table(table.only(2), "specific").value is None


@given(values=answered(labels=3))
def test_agreement_on_one_label_of_any_number_of_annotators(values):
    """Of all who gave it, each beside each other of the item, how many of these gave it too."""
    beside = [
        other == 1
        for row in values
        for at, one in enumerate(row)
        for other in np.delete(row, at)[np.delete(row, at) >= 0]
        if one == 1
    ]
    found = of_table(reliability(values, 3).only(1), "specific").value

    assert found == (pytest.approx(np.mean(beside)) if beside else None)


# Properties


@given(values=answered(), seed=st.integers(0, 5))
def test_the_order_of_items_and_annotators_does_not_matter(values, seed):
    mixed = np.random.default_rng(seed).permuted(values, axis=1)[::-1]
    for measure in ("percent", "fleiss_kappa", "ac1", "alpha_nominal"):
        one, other = (of_table(reliability(matrix, 4), measure, Draws(seed)) for matrix in (values, mixed))

        assert one.n == other.n
        assert one.value == (None if other.value is None else pytest.approx(other.value))


@given(values=answered())
def test_equal_items_are_one_row_and_nothing_is_lost(values):
    table = reliability(values, 4)
    answers = (values >= 0).sum(axis=1)

    assert len(np.unique(table.counts, axis=0)) == len(table.counts)
    assert table.weight.sum() == (answers > 0).sum()
    assert (table.counts * table.weight[:, None]).sum() == answers.sum()
    told = values[answers > 0]
    expected = [[(row == label).sum() for label in range(4)] for row in told]
    assert table.counts[table.row_of].tolist() == np.array(expected).reshape(-1, 4).tolist()


def test_many_labels_and_annotators_do_not_overflow():
    rng = np.random.default_rng(1)
    values = rng.integers(0, 300, (50, 40))
    table = reliability(values, 300)
    known = krippendorff.alpha(reliability_data=values.T.astype(float), level_of_measurement="nominal")

    assert value(table, "alpha_nominal") == pytest.approx(known, abs=1e-6)


# Undefined values have a reason


@pytest.mark.parametrize("measure", ["percent", "fleiss_kappa", "ac1", "alpha_nominal", "alpha_ordinal"])
@pytest.mark.parametrize("values", [np.zeros((0, 2), int), np.full((3, 2), -1), np.array([[0, -1], [1, -1]])])
def test_without_an_item_answered_twice_there_is_no_figure(measure, values):
    figure = of_table(reliability(values, 2), measure)

    assert (figure.value, figure.low, figure.high, figure.n) == (None, None, None, 0)
    assert figure.why == "no item has two answers"


@pytest.mark.parametrize("measure", ["fleiss_kappa", "alpha_nominal", "alpha_ordinal", "alpha_interval"])
def test_with_one_label_there_is_nothing_beyond_chance(measure):
    figure = of_table(reliability(np.ones((7, 3), int), 3), measure, values=range(3))

    assert figure.value is None
    assert figure.why == ONE_LABEL


@pytest.mark.parametrize("measure", ["ac1", "ac2"])
def test_a_task_of_one_label_leaves_nothing_to_gwet(measure):
    figure = of_table(reliability(np.zeros((7, 3), int), 1), measure, values=range(1))

    assert (figure.value, figure.why) == (None, "there is only one label")


def test_with_one_label_percent_and_ac1_are_full():
    table = reliability(np.ones((7, 3), int), 3)

    assert value(table, "percent") == value(table, "ac1") == 1.0


def test_two_who_share_no_item():
    none = np.zeros(0, np.int64)

    assert of_pair(none, none, 2, "cohen_kappa").why == "they have no item in common"


# Intervals


def test_the_interval_is_the_same_for_the_same_seed_only():
    table = reliability(np.random.default_rng(3).integers(0, 3, (60, 3)), 3)
    one, again, other = (of_table(table, "alpha_nominal", Draws(seed)) for seed in (7, 7, 8))

    assert one == again
    assert one.low != other.low
    assert one.low < one.value < one.high


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """Two annotators, right in 80 of 100 independently: percent agreement is 0.68 in the long run."""
    rng = np.random.default_rng(11)
    covered = 0
    for trial in range(200):
        right = rng.random((150, 2)) < 0.8
        figure = of_table(reliability(right.astype(int), 2), "percent", Draws(trial))
        covered += figure.low <= 0.68 <= figure.high

    assert 180 <= covered <= 198


def test_both_ways_of_drawing_have_the_same_spread():
    """Few rows are drawn by multinomial, many rows item by item."""
    rng = np.random.default_rng(2)
    hits = (rng.random(400) < 0.3).astype(float)
    trembling = hits + rng.random(400) * 1e-9
    few, many = (
        score_figures([Score("percent", over, np.ones(400))], np.arange(400), Draws())[0] for over in (hits, trembling)
    )

    assert many.value == pytest.approx(few.value)
    assert many.low == pytest.approx(few.low, abs=0.01)
    assert many.high == pytest.approx(few.high, abs=0.01)


def test_wilson_on_his_formula():
    """Newcombe 1998, Statistics in Medicine 17: 857-872, table I, method 3: 81 of 263, and 0 of 20."""
    some, none = wilson("accuracy", 81, 263), wilson("accuracy", 0, 20)

    assert (round(some.low, 4), round(some.high, 4)) == (0.2553, 0.3662)
    assert (round(none.low, 4), round(none.high, 4)) == (0.0, 0.1611)


def test_answers_must_not_be_in_a_matrix():
    """Most projects ask two of a thousand annotators about an item."""
    item, code = np.array([3, 3, 8, 9, 9, 9]), np.array([0, 1, 1, 1, 1, 0])
    table = tabulated(item, code, np.eye(2))

    assert table.paired == 2
    assert table.counts[table.row_of].tolist() == [[1, 1], [0, 1], [1, 2]]
