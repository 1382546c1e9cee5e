"""Makes assign.txt beside this file: optimal assignments by scipy's linear_sum_assignment and, with a limit, by lapjv of
the package lap, of costs that tests/base/test_assign.c makes again. Needs numpy, scipy, lap.

A case is a line: stream, rows, columns, limit ("inf": none), number of pairs, sum of their costs, column of each row.
"""
from pathlib import Path

import lap
import numpy as np
from scipy.optimize import linear_sum_assignment

MASK = 2 ** 64 - 1


def bits(stream, index):
    """SplitMix64, as src/base/rng.h says."""
    z = (stream + (index + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def costs(stream, rows, columns):
    return np.array([(bits(stream, i) >> 11) * 2.0 ** -53 for i in range(rows * columns)]).reshape(rows, columns) - 0.25


lines = []
for stream, (rows, columns, limit) in enumerate([(1, 1, np.inf), (7, 7, np.inf), (30, 50, np.inf), (50, 30, np.inf),
                                                 (80, 80, np.inf), (7, 7, .1), (30, 50, .0), (50, 30, -.2), (60, 60, -.22),
                                                 (60, 60, .3), (40, 45, -.3)]):
    c = costs(stream, rows, columns)
    column_of = np.full(rows, -1)
    if np.isinf(limit):
        i, j = linear_sum_assignment(c)
        column_of[i] = j
    else:
        # lapjv takes the costs of staying open as limit / 2 and needs them positive; adding to all costs of pairs and to
        # the limit changes no answer
        column_of = lap.lapjv(c + 1, extend_cost=True, cost_limit=limit + 1)[1]
    made = column_of >= 0
    total = c[np.arange(rows)[made], column_of[made]].sum()
    lines.append(" ".join(map(str, [stream, rows, columns, limit, made.sum(), repr(float(total)), *column_of])))
(Path(__file__).parent / "assign.txt").write_text("\n".join(lines) + "\n")
