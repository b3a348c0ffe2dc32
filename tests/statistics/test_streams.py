import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.tidemark.statistics.streams import BLOCK_SIZE, Stream, stream


def normals(source: Stream, count: int) -> np.ndarray:
    return source.replicates(count, lambda generator, size: generator.standard_normal((size, 3)))


def test_the_key_is_the_documented_hash() -> None:
    text = "1|2026-11-01|mean_spend_90d|Declining|90d"
    key = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    assert stream("2026-11-01", "mean_spend_90d", "Declining", "90d").seed == key


parts = st.one_of(st.none(), st.text(alphabet="ab|\\0", max_size=4))


@given(st.tuples(parts, parts), st.tuples(parts, parts))
def test_different_statistics_never_share_a_key(first: tuple, second: tuple) -> None:
    same = stream("2026-11-01", "m", *first) == stream("2026-11-01", "m", *second)
    assert same == (first == second)


def test_every_part_of_the_key_changes_the_stream() -> None:
    keys = {
        stream("2026-11-01", "m").seed,
        stream("2026-12-01", "m").seed,
        stream("2026-11-01", "n").seed,
        stream("2026-11-01", "m", "s").seed,
        stream("2026-11-01", "m", None, "s").seed,
        stream("2026-11-01", "m", version="2").seed,
    }
    assert len(keys) == 6


@pytest.mark.parametrize("count", [1, BLOCK_SIZE, 1000])
def test_the_first_replicates_of_many_equal_few(count: int) -> None:
    source = stream("2026-11-01", "m")
    assert normals(source, count).tobytes() == normals(source, 2000)[:count].tobytes()


def test_blocks_do_not_overlap() -> None:
    drawn = normals(stream("2026-11-01", "m"), 4 * BLOCK_SIZE)
    assert len(np.unique(drawn)) == drawn.size


def test_every_block_begins_as_a_generator_of_its_own_would_whatever_was_drawn_before() -> None:
    source = stream("2026-11-01", "m")

    def odd_numbers_of_each_kind(generator: np.random.RandomState) -> bytes:
        # An odd number of normals leaves one behind in the generator, one 32-bit number half a word.
        drawn = (
            generator.standard_normal(3),
            generator.randint(0, 6, 5, dtype=np.int32),
            generator.binomial(90, 0.3, 7),
        )
        return b"".join(part.tobytes() for part in drawn)

    found = [odd_numbers_of_each_kind(generator) for generator in source.blocks(4)]
    own = (np.random.Philox(key=int(source.seed, 16), counter=[0, 0, 0, index]) for index in range(4))
    assert found == [odd_numbers_of_each_kind(np.random.RandomState(bits)) for bits in own]
