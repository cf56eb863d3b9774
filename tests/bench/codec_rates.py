"""The wire codec: batches of the agent's largest size and of a slow plant's."""

import time
from collections.abc import Callable

from plant.codec import Batch, decode_batch, encode_batch
from tests.bench.columns import START, names, rows
from tests.bench.figures import Better, Effort, Figure

_ROWS, _SMALL = 20_000, 200


def codec(effort: Effort) -> list[Figure]:
    """Encode and decode, values per second of one core."""
    large = Batch("bench", START, 1, START, rows(names(2000), _ROWS))
    small = Batch("bench", START, 1, START, rows(names(_SMALL), _SMALL))
    payload, short = encode_batch(large), encode_batch(small)
    calls, more = effort.amount(200), effort.amount(2000)
    return [
        Figure("codec encode", "values/s", _rates(effort, lambda: encode_batch(large), calls, _ROWS)),
        Figure("codec decode", "values/s", _rates(effort, lambda: decode_batch(payload), calls, _ROWS)),
        Figure(
            "codec round trip, 200 rows",
            "values/s",
            _rates(effort, lambda: decode_batch(encode_batch(small)), more, _SMALL),
            note=f"{len(short) / _SMALL:.0f} bytes a value",
        ),
        Figure(
            "codec size", "bytes/value", (len(payload) / _ROWS,), Better.LOWER, note="20,000 rows, 2,000 points"
        ),
    ]


def _rates(effort: Effort, work: Callable[[], object], calls: int, rows_per_call: int) -> tuple[float, ...]:
    found = []
    work()
    for _ in range(effort.repeats):
        begin = time.perf_counter()
        for _ in range(calls):
            work()
        found.append(calls * rows_per_call / (time.perf_counter() - begin))
    return tuple(found)
