"""Random numbers as plain integer arithmetic in SQL: the same in every version of the engine, in any order of
rows.

A number is a function of the user's key, of a stream (what it is for) and, where one is needed, of a counter.
An engine's own hash() or random() would change with its version or its number of threads.
"""

_MASK = "4294967295::ubigint"

MACROS = (
    # Two rounds of xor-shift and multiply on 32 bits, with the constants of "lowbias32" (C. Wellons,
    # hash-prospector, public domain). A product of two 32-bit numbers fits into UBIGINT. A macro repeats its
    # argument wherever it uses it, so rounds are few, and nothing that holds a mix is an argument of another:
    # that text would grow by powers of four.
    f"create macro mix_1(h) as ((xor(h, h >> 16) * 2146121005::ubigint) & {_MASK})",
    f"create macro mix_2(h) as ((xor(h, h >> 15) * 2221713035::ubigint) & {_MASK})",
    "create macro mix(h) as mix_2(mix_1(h))",
    # What a stream adds to a key, and a counter (which may be negative). Odd constants without a common
    # pattern.
    f"create macro sub_key(k, stream, j) as ((k + stream::ubigint * 2654435769::ubigint"
    f" + (j::bigint & 4294967295)::ubigint * 2246822519::ubigint) & {_MASK})",
    # Uniform in (0, 1), never 0 or 1.
    "create macro draw(k, stream) as"
    f" ((mix((k + stream::ubigint * 3266489917::ubigint) & {_MASK})::double + 0.5) / 4294967296.0)",
    # Standard normal, from two streams (Box and Muller 1958).
    "create macro normal(k, stream) as"
    " (sqrt(-2 * ln(draw(k, stream))) * cos(2 * pi() * draw(k, stream + 1)))",
    "create macro logistic(x) as (1 / (1 + exp(-(x))))",
)


def key(number: str, seed: int) -> str:
    """SQL of the key of the user (or day) with this number."""
    return f"mix(({number}::ubigint + {_mix(_mix(seed & 0xFFFFFFFF) ^ 0x9E3779B9)}::ubigint) & {_MASK})"


def _mix(h: int) -> int:
    h = ((h ^ (h >> 16)) * 2146121005) & 0xFFFFFFFF
    return ((h ^ (h >> 15)) * 2221713035) & 0xFFFFFFFF


def pick(number: str, shares: dict[str, float]) -> str:
    """SQL that chooses a name by its share; null for what the shares leave."""
    cases, total = [], 0.0
    for name, share in shares.items():
        total += share
        cases.append(f"when {number} < {total!r} then '{name}'")
    return f"case {' '.join(cases)} end"
