"""Makes the files beside this one: what the formats of <hrnet_results.h> say of the people of tests/results/test_writer.c,
written here from the descriptions of the formats alone. Python's own json module reads every document again.
"""
import json
import math
import struct
from pathlib import Path

here = Path(__file__).parent
SPECIAL = [math.nan, math.inf, -0.0, 1e-7, 1e20, 16777216.0, 0.1, 3.4028234663852886e38]
COCO = """nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist
right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle""".split()
MPII = """right_ankle right_knee right_hip left_hip left_knee left_ankle pelvis thorax upper_neck head_top right_wrist
right_elbow right_shoulder left_shoulder left_elbow left_wrist""".split()
# BODY_25 from each: one keypoint, the middle of two, or nothing
BODY_25 = {"coco": [0, (5, 6), 6, 8, 10, 5, 7, 9, (11, 12), 12, 14, 16, 11, 13, 15, 2, 1, 4, 3] + [None] * 6,
           "mpii": [None, 8, 12, 11, 10, 13, 14, 15, 6, 2, 1, 0, 3, 4, 5] + [None] * 10}
WIDTH, HEIGHT, THRESHOLD = 192, 256, 0.25


def f32(value):
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def number(value):
    """The shortest of 6 to 9 digits that reads back as the same float."""
    if not math.isfinite(value):
        return "null"
    for digits in range(6, 10):
        text = "%.*g" % (digits, value)
        if f32(float(text)) == value:
            break
    return text


def people(n):
    """See tests/results/test_writer.c."""
    def pose(p):
        points = [[f32(10.5 + 100 * p + k * 7.25), f32(f32(k * f32(0.3)) - p), f32(((k * 37 + p) % 101) / f32(100))]
                  for k in range(n)]
        if p == 1 and n > 0:
            for i, value in enumerate(SPECIAL):
                points[i][i % 3] = f32(value)
        track = {0: {"track": 7}, 2: {"track": 2 ** 32 - 1}}.get(p, {})
        return {"box": [10.0 + p, 20.0, 50.5, 100.0 - p], "box_score": f32(0.9) if p == 0 else 1.0,
                **track, "score": f32(0.625 + p), "points": points}

    def bad(p):
        return {"box": [1.0, 2.0, -3.0, 4.0], "box_score": 1.0, "error": "box: too small"}

    return [{"file": b"images/000000000785.jpg", "width": 640, "height": 425, "persons": [pose(0), bad(1), pose(1)]},
            {"file": b'a,"b"\\c\x01\t\xff\xc3\xa9\n.png', "width": 1, "height": 2, "persons": [pose(2)]},
            {"file": b"broken.jpg", "error": "broken.jpg: no picture"},
            {"file": b"lost.jpg", "error": "input/output error"},
            {"file": b"-", "width": 3, "height": 4, "persons": []}]


class Raw(str):
    """Text that is JSON already."""


def clean(text):
    if isinstance(text, str):
        text = text.encode()
    text = text.decode("utf-8", "replace")
    out = ""
    for c in text:
        named = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
        out += named.get(c, "\\u%04X" % ord(c) if ord(c) < 32 else c)
    return '"%s"' % out


def dump(value, indent, depth=0):
    """indent: a line a value, as yajl lays it out."""
    line = "\n" if indent else ""
    pad, end = ("  " * (depth + 1), "  " * depth) if indent else ("", "")
    if isinstance(value, Raw):
        return value
    if isinstance(value, (str, bytes)):
        return clean(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        items = [pad + clean(k) + (": " if indent else ":") + dump(v, indent, depth + 1) for k, v in value.items()]
        return "{" + line + ("," + line).join(items) + line + end + "}"
    items = [pad + dump(v, indent, depth + 1) for v in value]
    return "[" + line + ("," + line).join(items) + line + end + "]"


def write(name, text):
    (here / name).write_bytes(text.encode())


def picture(one, names):
    if "error" in one:
        return one
    persons = []
    for who in one["persons"]:
        entry = {k: who[k] for k in ("box", "box_score", "track", "score", "error") if k in who}
        if "points" in who:
            entry["keypoints"] = [dict(zip(("name", "x", "y", "score"), [n] + p)) for n, p in zip(names, who["points"])]
        persons.append(entry)
    return dict(one, persons=persons)


def crop(box):
    """Upstream's _box2cs for the aspect of the network, in float32."""
    x, y, w, h = box
    center = [f32(f32(x) + f32(f32(w) * 0.5)), f32(f32(y) + f32(f32(h) * 0.5))]
    aspect = f32(WIDTH / HEIGHT)
    if w > aspect * h:
        h = w * 1.0 / aspect
    elif w < aspect * h:
        w = h * aspect
    return center, [f32(f32(w / 200) * 1.25), f32(f32(h / 200) * 1.25)]


def track_id(who):
    return {"track_id": who["track"]} if "track" in who else {}


def coco(pictures):
    entries = []
    for one in pictures:
        stem = one["file"].rsplit(b"/", 1)[-1].rsplit(b".", 1)[0]
        for who in one.get("persons", []):
            if "points" not in who:
                continue
            center, scale = crop(who["box"])
            entries.append({"box": who["box"], "box_score": who["box_score"], "category_id": 1, "center": center, "image_id": int(stem) if stem.isdigit() else stem,
                            "keypoints": sum(who["points"], []), "scale": scale, "score": who["score"], **track_id(who)})
    return entries


def detections(pictures):
    entries = []
    for one in pictures:
        stem = one["file"].rsplit(b"/", 1)[-1].rsplit(b".", 1)[0]
        entries += [{"bbox": who["box"], "category_id": 1, "image_id": int(stem) if stem.isdigit() else stem,
                     "score": who["box_score"], **track_id(who)} for who in one.get("persons", []) if "points" in who]
    return entries


def boxes(one):
    """A picture without what the keypoints say."""
    if "error" in one:
        return one
    return dict(one, persons=[{k: who[k] for k in ("box", "box_score", "track", "error") if k in who} for who in one["persons"]])


def openpose(one, kind, body_18):
    def resolve(source, points):
        if source is None:
            return [0.0, 0.0, 0.0]
        a, b = (points[k] for k in (source if isinstance(source, tuple) else (source, source)))
        score = a[2] if a[2] < b[2] else b[2]
        if not score >= f32(THRESHOLD):
            return [0.0, 0.0, 0.0]
        return [f32(f32(a[0] + b[0]) * 0.5), f32(f32(a[1] + b[1]) * 0.5), score]

    sources = BODY_25[kind]
    if body_18:
        sources = [s for i, s in enumerate(sources[:19]) if i != 8]
    found = [{"person_id": [who.get("track", -1)], "pose_keypoints_2d": sum([resolve(s, who["points"]) for s in sources], []),
              "face_keypoints_2d": [], "hand_left_keypoints_2d": [], "hand_right_keypoints_2d": [],
              "box": who["box"], "box_score": who["box_score"], "score": who["score"]}
             for who in one["persons"] if "points" in who]
    return {"version": f32(1.3), "people": found}


def csv(pictures, names):
    """names None: boxes alone."""
    box_columns = "box_x,box_y,box_w,box_h,box_score,track"
    rows = ["file,person," + ("person_score,keypoint,name,x,y,score," if names else "") + box_columns]
    for one in pictures:
        file = one["file"].decode("latin-1")
        if any(c in file for c in ',"\r\n'):
            file = '"' + file.replace('"', '""') + '"'
        for i, who in enumerate(one.get("persons", [])):
            box = ",%.7g,%.7g,%.7g,%.7g,%.6g,%d" % (*who["box"], who["box_score"], who.get("track", 0))
            if not names and "points" in who:
                rows.append("%s,%d%s" % (file, i, box))
            for k, (x, y, score) in enumerate(who.get("points", []) if names else []):
                rows.append("%s,%d,%.6g,%d,%s,%.7g,%.7g,%.6g%s" % (file, i, who["score"], k, names[k], x, y, score, box))
    return "".join(row + "\n" for row in rows)


def mot(pictures):
    return "".join("%d,%d,%.7g,%.7g,%.7g,%.7g,%.6g,-1,-1,-1\n" % (frame, who["track"], *who["box"], who["box_score"])
                   for frame, one in enumerate(pictures, 1) for who in one.get("persons", []) if "track" in who)


def raw(one):
    def point(x, y, score):
        return [f32(f32(x + x) * 0.5), f32(f32(y + y) * 0.5), score] if score >= f32(THRESHOLD) else [0.0, 0.0, 0.0]

    document = openpose(one, "coco", False) if len(one["persons"][0]["points"]) == 17 else openpose(one, "mpii", False)
    good = [who for who in one["persons"] if "points" in who]
    for entry, who in zip(document["people"], good):
        entry["pose_keypoints_2d"] = sum([point(*p) for p in who["points"]], [])
    return document


def marker(name):
    side = {"left": "L", "right": "R"}.get(name.split("_")[0], "")
    words = name.split("_")[1:] if side else name.split("_")
    return side + "".join(word[0].upper() + word[1:] for word in words)


def trc(pictures, names, file):
    """The track that is seen most, of several the lowest; pictures are no frames of a video: no times, no rate."""
    seen = [who["track"] for one in pictures for who in one.get("persons", []) if "track" in who]
    chosen = max(sorted(set(seen)), key=seen.count)
    lines = [["PathFileType", "4", "(X/Y/Z)", file],
             "DataRate CameraRate NumFrames NumMarkers Units OrigDataRate OrigDataStartFrame OrigNumFrames".split(),
             ["0", "0", str(len(pictures)), str(len(names)), "px", "0", "1", str(len(pictures))],
             ["Frame#", "Time"] + sum([[marker(name), "", ""] for name in names], []),
             ["", ""] + [axis + str(k + 1) for k in range(len(names)) for axis in "XYZ"]]
    for number, one in enumerate(pictures, 1):
        row = [str(number), "0"] + [""] * (3 * len(names))
        for who in one.get("persons", []):
            if who.get("track") != chosen:
                continue
            for k, (x, y, score) in enumerate(who["points"]):
                if math.isfinite(x) and math.isfinite(y) and score >= f32(THRESHOLD):
                    row[2 + 3 * k:5 + 3 * k] = ["%.7g" % x, "%.7g" % y, "0"]
        lines.append(row)
    return "".join("\t".join(line) + "\n" for line in lines)


for kind, names in (("coco", COCO), ("mpii", MPII)):
    pictures = people(len(names))
    network = {"name": "pose_hrnet", "input_width": WIDTH, "input_height": HEIGHT, "skeleton": kind}
    document = {"network": network, "images": [picture(one, names) for one in pictures]}
    write(f"{kind}.json", dump(document, True) + "\n\n")
    write(f"{kind}.jsonl", "".join(dump(picture(one, names), False) + "\n" for one in pictures))
    (here / f"{kind}.csv").write_bytes(csv(pictures, names).encode("latin-1"))
    write(f"{kind}_results.json", dump(coco(pictures), False) + "\n")
    write(f"{kind}_tracks.txt", mot(pictures))
    write(f"{kind}_openpose.json", dump(openpose(pictures[0], kind, False), False) + "\n")
    write(f"{kind}_openpose_18.json", dump(openpose(pictures[0], kind, True), False) + "\n")
    write(f"{kind}_openpose_raw.json", dump(raw(pictures[0]), False) + "\n")
    write(f"{kind}.trc", trc(pictures, names, "out"))
pictures = people(0)
detector = {"name": "yolox", "input_width": 416, "input_height": 416, "threshold": f32(0.3), "nms_iou": 0.5}
write("boxes.json", dump({"detector": detector, "images": [boxes(one) for one in pictures]}, True) + "\n\n")
write("boxes.jsonl", "".join(dump(boxes(one), False) + "\n" for one in pictures))
(here / "boxes.csv").write_bytes(csv(pictures, None).encode("latin-1"))
write("boxes_results.json", dump(detections(pictures), False) + "\n")
write("boxes_tracks.txt", mot(pictures))
for path in here.glob("*.json*"):
    for text in path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]:
        json.loads(text)
