"""make_mot_sets.py FOLDER [TRACKING] - made-up streets with what real MOTChallenge files have and simple ones lack, and
the numbers that TrackEval 1.3 gives them: street.json. Run it to make tests/golden/mot again; needs numpy and trackeval.

9-column ground truth with rows of confidence 0, all classes, people behind each other, gaps, ids without order;
results with switches, doubles, boxes on distractors; a street without results, one without people that count, and one
whose boxes lie on a coarse grid, so that many choices of matches are equally good.
TRACKING: tracking.npz with other sequences, of float64, which become rows of text with all digits."""
import contextlib, io, json, pathlib, sys, tempfile
import numpy as np
import trackeval

CLASSES = [1] * 8 + [2, 3, 4, 6, 7, 7, 8, 9, 12, 13]
# frames, people, chance of a miss, of a switch, noise in parts of the height, and the grid in px
STREETS = {"street-a": (60, 16, .1, .02, .06, .01), "street-b": (45, 24, .25, .06, .12, .01), "street-c": (20, 6, 1, 0, 0, .01),
           "street-d": (25, 8, .1, .02, .05, .01), "street-e": (30, 24, .1, .05, .06, 20)}


def walk(rng, n_frames):
    """Boxes of one person: [(frame, box)], with a gap now and then."""
    first = int(rng.integers(1, n_frames // 2))
    last = int(rng.integers(first + 3, n_frames + 1))
    height = rng.uniform(50, 140)
    at, step = rng.uniform([0, 100], [400, 200]), rng.normal(0, [4, .8])
    boxes = []
    for frame in range(first, last + 1):
        at = at + step + rng.normal(0, .7, 2)
        if rng.random() > .06:
            boxes.append((frame, np.array([at[0], at[1], .4 * height, height])))
    return boxes


def on_grid(box, grid):
    return [round(grid * max(round(float(v) / grid), i > 1), 2) for i, v in enumerate(box)]


def street(seed, n_frames, n_people, miss, switch, noise, grid, nobody=False):
    rng = np.random.default_rng(seed)
    truth, found, next_track = [], [], 100
    for ident in rng.permutation(3 * n_people)[:n_people]:
        kind = int(rng.choice(CLASSES)) if not nobody else int(rng.choice([3, 7, 8]))
        confidence = int(kind == 1 and rng.random() > .15)
        track = next_track = next_track + int(rng.integers(1, 4))
        for frame, box in walk(rng, n_frames):
            truth.append([frame, int(ident)] + on_grid(box, grid) +
                         [confidence, kind, round(float(rng.uniform(.2, 1)), 3)])
            if rng.random() < switch:
                track = next_track = next_track + int(rng.integers(1, 4))
            if rng.random() < miss:
                continue
            for k in range(1 + (rng.random() < .05)):  # a double now and then
                where = box + rng.normal(0, noise, 4) * box[3] * [.5, .5, .3, .5]
                who = track if k == 0 else (next_track := next_track + 1)
                found.append([frame, who] + on_grid(where, grid) +
                             [round(float(rng.uniform(.3, 1)), 3), -1, -1, -1])
    rng.shuffle(truth)
    rng.shuffle(found)
    return truth, found


def write_rows(path, rows):
    path.write_text("".join(",".join(repr(int(v)) if v == int(v) else repr(float(v)) for v in row) + "\n"
                            for row in rows))


def plain(value):
    return [float(v) for v in value] if np.ndim(value) else float(value)


def judge(folder, names, lengths, benchmark):
    """TrackEval's own loader and evaluator on files in its layout."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(io.StringIO()):
        root = pathlib.Path(scratch)
        (root / "results" / "us" / "data").mkdir(parents=True)
        for name in names:
            (root / "gt" / name / "gt").mkdir(parents=True)
            (root / "gt" / name / "gt" / "gt.txt").write_text((folder / f"{name}_gt.txt").read_text())
            (root / "results" / "us" / "data" / f"{name}.txt").write_text((folder / f"{name}_dt.txt").read_text())
        dataset = trackeval.datasets.MotChallenge2DBox(
            {"GT_FOLDER": str(root / "gt"), "TRACKERS_FOLDER": str(root / "results"), "SKIP_SPLIT_FOL": True,
             "BENCHMARK": benchmark, "SEQ_INFO": {n: lengths[n] for n in names}, "PRINT_CONFIG": False})
        evaluator = trackeval.Evaluator({"PRINT_RESULTS": False, "OUTPUT_SUMMARY": False, "OUTPUT_DETAILED": False,
                                         "PLOT_CURVES": False, "TIME_PROGRESS": False, "PRINT_CONFIG": False,
                                         "LOG_ON_ERROR": None})
        metrics = [trackeval.metrics.HOTA(), trackeval.metrics.CLEAR({"PRINT_CONFIG": False}),
                   trackeval.metrics.Identity({"PRINT_CONFIG": False})]
        scores, _ = evaluator.evaluate([dataset], metrics)
    return {name: {m: {k: plain(v) for k, v in scores_of["pedestrian"][m].items()}
                   for m in ("HOTA", "CLEAR", "Identity", "Count")}
            for name, scores_of in scores["MotChallenge2DBox"]["us"].items()}


def main():
    folder = pathlib.Path(sys.argv[1])
    for i, (name, how) in enumerate(STREETS.items()):
        truth, found = street(20261127 + i, *how, nobody=name == "street-d")
        write_rows(folder / f"{name}_gt.txt", truth)
        write_rows(folder / f"{name}_dt.txt", found)
    lengths = {name: how[0] for name, how in STREETS.items()}
    expected = {b.lower(): judge(folder, list(STREETS), lengths, b) for b in ("MOT15", "MOT17", "MOT20")}
    (folder / "street.json").write_text(json.dumps(expected, indent=1) + "\n")
    if len(sys.argv) > 2:
        for name, rows in np.load(sys.argv[2]).items():
            name, side = name.rsplit("_", 1)
            write_rows(folder / f"{name}_{'gt' if side == 'gt' else 'dt'}.txt",
                       [list(row) + [1, -1, -1, -1] for row in rows])


main()
