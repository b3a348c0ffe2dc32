"""The random numbers are arithmetic: an independent computation gives the same ones, and they are random
enough."""

import duckdb
import numpy as np
import pytest
from scipy import stats

from include.tidemark.demo.synthetic.draws import MACROS, key, pick

MASK = 0xFFFFFFFF


def mix(h: int) -> int:
    h = ((h ^ (h >> 16)) * 0x7FEB352D) & MASK
    return ((h ^ (h >> 15)) * 0x846CA68B) & MASK


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect() as connection:
        for macro in MACROS:
            connection.execute(macro)
        yield connection


def test_a_draw_is_the_same_in_plain_python(engine):
    rows = engine.execute(
        "select k::bigint, stream, j, draw(k, stream), draw(sub_key(k, stream, j), 7)"
        f" from (select {key('i', 42)} as k, i % 400 as stream, i - 50 as j from range(1000) as t(i))"
    ).fetchall()
    for k, stream, j, plain, counted in rows:
        assert plain == (mix((k + stream * 3266489917) & MASK) + 0.5) / 2**32
        sub = (k + stream * 2654435769 + (j & MASK) * 2246822519) & MASK
        assert counted == (mix((sub + 7 * 3266489917) & MASK) + 0.5) / 2**32


def test_keys_depend_on_the_seed_and_differ_between_users(engine):
    first, second = (
        [k for (k,) in engine.execute(f"select {key('i', seed)} from range(10000) as t(i)").fetchall()]
        for seed in (1, 2)
    )
    assert len(set(first)) == len(set(second)) == 10_000
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0, abs=0.05)


def drawn(engine, expression: str, seed: int, users: int) -> np.ndarray:
    keys = f"select {key('i', seed)} as k from range({users}) as t(i)"
    return engine.execute(f"select {expression} as value from ({keys})").fetchnumpy()["value"]


@pytest.mark.parametrize(
    "expression", ["draw(k, 3)", "draw(sub_key(k, 110, 5), 1)", "draw(sub_key(k, 5, 0), 110)"]
)
def test_draws_are_uniform_whatever_the_seed(engine, expression):
    tests = [stats.kstest(drawn(engine, expression, seed, 20_000), "uniform").pvalue for seed in range(30)]
    assert stats.kstest(tests, "uniform").pvalue > 1e-3, "p-values of uniform draws are uniform themselves"


def test_neighbouring_users_know_nothing_of_each_other(engine):
    values = drawn(engine, "draw(k, 3)", 9, 100_000)
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 4 / np.sqrt(len(values))
    below = (values < 0.1).reshape(-1, 100).sum(axis=1)
    assert below.var() == pytest.approx(9.0, rel=0.2), "counts vary as binomial ones, neither less nor more"


def test_streams_of_one_user_are_independent(engine):
    values = np.column_stack(
        [drawn(engine, f"draw(k, {s})", 9, 50_000) for s in (1, 2, 3, 20, 21, 40, 41, 100)]
    )
    off = np.corrcoef(values, rowvar=False) - np.eye(values.shape[1])
    assert np.abs(off).max() < 5 / np.sqrt(len(values))


def test_normals_have_the_shape_of_normals(engine):
    assert stats.kstest(drawn(engine, "normal(k, 1)", 9, 50_000), "norm").pvalue > 1e-3


def test_pick_leaves_what_the_shares_leave(engine):
    chosen = engine.execute(
        f"select {pick('x', {'a': 0.25, 'b': 0.5})} from (values (0.1), (0.25), (0.74), (0.75), (0.99)) as t(x)"
    ).fetchall()
    assert [name for (name,) in chosen] == ["a", "b", "b", None, None]
