"""Makes the text files beside this one; needs numpy.

kalman.txt: ByteTrack's filter of 8 numbers with full 8 x 8 matrices in double precision, written here from the published
constants. A line is: op, 4 numbers, mean [8], variances [8], covariance of x and its velocity. op 0: begin at the box
(x, y, a, h); 1: predict n frames (the first of the 4 numbers) by n steps of one frame, of a track that is seen; 2: the same
of a lost one; 3: correct with the box.

one_euro.txt (argument: one_euro.npz): a signal and what the author's package OneEuroFilter 0.2.1 makes of it. The first
line has 4 settings: frequency, mincutoff, beta, dcutoff, whether timestamps were used; then lines of time, x, 4 outputs.
"""
import sys
from pathlib import Path

import numpy as np

here = Path(__file__).parent
POSITION, VELOCITY = 1 / 20, 1 / 160
F = np.eye(8)
F[:4, 4:] = np.eye(4)
H = np.eye(4, 8)


def begin(z):
    h = z[3]
    std = [2 * POSITION * h, 2 * POSITION * h, 1e-2, 2 * POSITION * h, 10 * VELOCITY * h, 10 * VELOCITY * h, 1e-5, 10 * VELOCITY * h]
    return np.r_[z, np.zeros(4)], np.diag(np.square(std))


def predict(mean, cov, frames, seen):
    """The height that noise is proportional to is that of the beginning."""
    h = mean[3]
    if not seen:
        mean = mean.copy()
        mean[7] = 0
    std = [POSITION * h, POSITION * h, 1e-2, POSITION * h, VELOCITY * h, VELOCITY * h, 1e-5, VELOCITY * h]
    for _ in range(frames):
        mean, cov = F @ mean, F @ cov @ F.T + np.diag(np.square(std))
    return mean, cov


def correct(mean, cov, z):
    h = mean[3]
    s = H @ cov @ H.T + np.diag(np.square([POSITION * h, POSITION * h, 1e-1, POSITION * h]))
    gain = np.linalg.solve(s, H @ cov).T
    return mean + gain @ (z - H @ mean), cov - gain @ s @ gain.T


rng = np.random.default_rng(20261127)
z = np.array([200.0, 150.0, 0.4, 120.0])
velocity = np.array([2.5, -0.4, 0.001, 0.6])
state = begin(z)
rows = [(0, z, state)]
for step in range(60):
    frames = int(rng.choice([1, 1, 1, 2, 3, 7]))
    lost = step % 10 in (6, 7)
    state = predict(*state, frames, not lost)
    rows.append((2 if lost else 1, [frames, 0, 0, 0], state))
    z = z + velocity * frames
    if not lost:
        seen = z + rng.normal(size=4) * [3, 3, .02, 4]
        state = correct(*state, seen)
        rows.append((3, seen, state))
lines = []
for op, numbers, (mean, cov) in rows:
    off = cov.copy()
    for i in range(4):  # what couples the four is 0, to rounding
        off[i, i] = off[i + 4, i + 4] = off[i, i + 4] = off[i + 4, i] = 0
    assert np.abs(off).max() < 1e-9
    lines.append(" ".join([str(op)] + ["%.17g" % v for v in [*numbers, *mean, *np.diag(cov), cov[0, 4]]]))
(here / "kalman.txt").write_text("\n".join(lines) + "\n")

if len(sys.argv) > 1:
    data = np.load(sys.argv[1])
    names = [k[2:] for k in data if k.startswith("y_")]
    lines = [" ".join("%.17g" % v for name in names for v in data["parameters_" + name])]
    for i in range(len(data["time"])):
        lines.append(" ".join("%.17g" % v for v in [data["time"][i], data["x"][i], *(data["y_" + n][i] for n in names)]))
    (here / "one_euro.txt").write_text("\n".join(lines) + "\n")
