"""run_pose2sim.py HRNET FOLDER - people of `hrnet pose` in the hands of those who measure movements. Pose2Sim triangulates
the four videos that it comes with, and Sports2D measures the angles of its own, both without a pose step of theirs.
Works in FOLDER. Says what was measured; fails if a frame is lost or if the cameras do not agree."""
import glob
import logging
import os
import re
import shutil
import subprocess
import sys
import tomllib

import matplotlib

matplotlib.use("Agg")
import Pose2Sim
import Sports2D
from Pose2Sim import Pose2Sim as pose2sim
from Sports2D import Sports2D as sports2d

hrnet, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
os.chdir(folder)


def find(*arguments):
    subprocess.run([hrnet, "pose", "-q", *arguments], check=True)


def triangulate():
    """Mean error of all keypoints, in pixels, and the frames of the file with the points in space."""
    project = os.path.join(folder, "walk")
    shutil.copytree(os.path.join(os.path.dirname(Pose2Sim.__file__), "Demo_SinglePerson"), project)
    os.chdir(project)
    for camera in ("cam01", "cam02", "cam03", "cam04"):
        find(f"videos/{camera}.mp4", "-F", "openpose-raw", "--data", f"pose/{camera}_json")
    with open("Config.toml", "rb") as file:
        config = tomllib.load(file)
    config["pose"]["pose_model"] = "BODY"  # COCO's keypoints
    config["project"].update(project_dir=project, frame_rate=60)
    for step in (pose2sim.calibration, pose2sim.personAssociation, pose2sim.triangulation):
        step(config)
    logging.shutdown()
    log = open(glob.glob("*logs.txt")[0]).read()
    error = float(re.search(r"Mean reprojection error for all points on frames \d+ to \d+ is ([\d.]+) px", log)[1])
    rows = open(glob.glob("pose-3d/*.trc")[0]).read().splitlines()[5:]
    return error, len(rows)


def angles():
    """The rows of angles that Sports2D makes of a marker file."""
    demo = os.path.join(os.path.dirname(Sports2D.__file__), "Demo")
    os.chdir(folder)
    shutil.copy(os.path.join(demo, "demo.mp4"), "demo.mp4")
    find("demo.mp4", "-o", "demo_px.trc")
    with open(os.path.join(demo, "Config_demo.toml"), "rb") as file:
        config = tomllib.load(file)
    config["base"].update(video_input=["demo.mp4"], video_dir=folder, result_dir=os.path.join(folder, "out"), save_vid=False,
                          load_trc_px=os.path.join(folder, "demo_px.trc"), show_realtime_results=False, save_img=False)
    config["pose"].update(pose_model="body")
    config["px_to_meters_conversion"].update(to_meters=False, save_calib=False)
    config["post-processing"].update(show_graphs=False, save_graphs=False)
    config["kinematics"].update(do_ik=False, use_augmentation=False)
    sports2d.process(config)
    text = open(glob.glob("out/**/*_angles_person00.mot", recursive=True)[0]).read()
    return len(text[text.index("endheader"):].splitlines()) - 2


error, n_frames = triangulate()
n_angles = angles()
print(f"Pose2Sim: {n_frames} frames, mean reprojection error {error} px; Sports2D: angles of {n_angles} frames")
assert n_frames == 100 and error < 12 and n_angles == 230
