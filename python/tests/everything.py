"""A program that uses the whole package, for type checkers (test_types.py); it is not run."""

import pathlib
from typing import Any, Dict, List, Optional

import numpy as np
import numpy.typing as npt

import hrnet
from hrnet.cocoeval import COCO, COCOeval

Floats = npt.NDArray[np.float32]


def pictures(photo: hrnet.Image) -> None:
    rgb: npt.NDArray[np.uint8] = hrnet.load_image("photo.jpg", ignore_orientation=True)
    hrnet.save_image(rgb[:, :, ::-1], pathlib.Path("copy.png"), bgr=True)
    people: hrnet.People = hrnet.find(photo)
    for person in people:
        box: Floats = person.box
        score: float = person.score + person.box_score
        keypoints: Floats = person.keypoints
        message: Optional[str] = person.message
        print(box, score, keypoints, message, person.track)
    first: hrnet.Person = people[0]
    rest: List[hrnet.Person] = people[1:]
    print(len(rest), people.name, people.width, people.height, people.boxes, people.scores, people.info)
    coco: List[Dict[str, Any]] = people.to_coco(1)
    openpose: Dict[str, Any] = people.to_openpose("BODY_18")
    print(coco, openpose, people.to_json(), people.to_pandas(), people.to_supervision())
    drawn: npt.NDArray[np.uint8] = hrnet.draw(rgb, people, boxes=True, tracks=True, color="person")
    hrnet.save_image(drawn, "drawn.jpg")
    hrnet.save_image(hrnet.draw_heatmaps(rgb, first), "maps.jpg")
    print(hrnet.results_text([people], "csv"), hrnet.heatmaps(rgb, people.boxes).shape)


def networks() -> None:
    config = hrnet.Config("coco/hrnet/w32_256x192", {"TEST.FLIP_TEST": True})
    model = hrnet.Model("w32.pth", config=config, on_message=print)
    skeleton: hrnet.Skeleton = model.skeleton
    print(skeleton.keypoint_names, model.n_keypoints, model.info["codec"], hrnet.Config.names())
    pool = hrnet.Pool(4)
    finder = hrnet.Finder(model, hrnet.Detector("yolox_s.pth"), pool=pool, threshold=0.3, flip_test=True)
    several: List[hrnet.People] = finder.find(["a.jpg", "b.jpg"])
    posed: hrnet.People = finder.pose("a.jpg", [[0, 0, 10, 20]], [0.5])
    session = hrnet.Session(model, pool=pool, max_batch=8)
    maps: Floats = session.forward(np.zeros((1, 3, 256, 192), np.float32), flip_test=True)
    print(several, posed, maps, session.pose("a.jpg"), hrnet.forward(np.zeros((3, 256, 192), np.float32)))
    objects: List[hrnet.Object] = hrnet.DetectorSession(size=640).detect("a.jpg", all_categories=True)
    print([one.box[0] for one in objects])
    keypoints, scores = hrnet.Body()(np.zeros((4, 4, 3), np.uint8))
    print(keypoints.shape, scores.shape)
    tracker = hrnet.PoseTracker(lambda **options: hrnet.Wholebody(pose="whole.pth", **options), det_frequency=10)
    keypoints, scores = tracker(np.zeros((4, 4, 3), np.uint8))
    bgr: npt.NDArray[np.uint8] = hrnet.draw_skeleton(np.zeros((4, 4, 3), np.uint8), keypoints, scores, kpt_thr=0.43)
    print(bgr.shape, tracker.track_ids_last_frame)


def weights() -> None:
    row: hrnet.Published = hrnet.published()[0]
    path: str = hrnet.fetch(row.name, folder="cache", mirror="http://localhost", on_progress=lambda done, total: None)
    model = hrnet.published_model(row.name, precision="fp16-weights", on_message=print)
    print(path, row.overrides, row.config, model.info, hrnet.published_detector("yolox-s").info)


def videos() -> None:
    tracker, smoother = hrnet.Tracker("oks"), hrnet.Smoother(17, beta=4)
    opened: hrnet.Video = hrnet.video("walk.mp4", track=tracker, smooth=smoother, detect_every=3)
    for frame in opened:
        one: hrnet.Frame = frame
        image: Optional[npt.NDArray[np.uint8]] = one.image
        print(image, one.seconds, one.number, one.people.tracks)
    opened.close()
    tracker.update(hrnet.find("a.jpg"), 0.0)


def sets() -> None:
    numbers: Dict[str, Any] = hrnet.evaluate("w32.pth", "coco/hrnet/w32_256x192", detector=True, results="r.json")
    print(numbers, hrnet.score_coco("gt.json", "r.json"), hrnet.score_coco("gt.json", [], kind="bbox"))
    print(hrnet.score_mot([("gt.txt", "dt.txt")]), hrnet.score_mpii("gt_valid.mat", "pred.mat"))

    truth = COCO("gt.json")
    score = COCOeval(truth, truth.loadRes("r.json"), "bbox")
    score.evaluate()
    score.accumulate()
    score.summarize()
    print(score.stats, score.eval["precision"], truth.loadAnns(truth.getAnnIds(imgIds=1)))

    def stop_early(info: Dict[str, Any]) -> bool:
        return bool(info["epoch"] > 3)

    config = hrnet.fine_tune_config("pictures", init="shipped")
    trainer = hrnet.Trainer(config, output="run", resume="always")
    print(trainer.step()["loss"], hrnet.train(config, [stop_early], output="run"))


def failures() -> None:
    try:
        hrnet.find("missing.jpg")
    except hrnet.FileError as error:
        print(error)
    except (hrnet.ArgumentError, hrnet.CancelledError, hrnet.ConfigError, hrnet.FormatError) as error:
        print(error)
    except (hrnet.LimitError, hrnet.MismatchError, hrnet.OutOfMemoryError, hrnet.UnsupportedError):
        raise
    except hrnet.Error as error:
        print(error, hrnet.ImageWarning, hrnet.__version__)
