"""What the tests share: pictures, the command, and the golden values of tests/golden."""

import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

import hrnet

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"


@pytest.fixture(scope="session")
def golden() -> pathlib.Path:
    return GOLDEN


@pytest.fixture(scope="session")
def photo() -> str:
    """A photograph of one person, 640 x 425."""
    return str(GOLDEN / "detect" / "crop_source.png")


@pytest.fixture(scope="session")
def figure() -> str:
    """A picture of three people, 900 x 400."""
    return str(ROOT / "docs" / "figure.png")


@pytest.fixture(scope="session")
def command() -> Any:
    """Runs the command as ``python -m hrnet`` and gives its standard output."""

    def run(*arguments: str) -> bytes:
        done = subprocess.run(
            [sys.executable, "-m", "hrnet", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return run


@pytest.fixture(scope="session")
def finder() -> hrnet.Finder:
    return hrnet.Finder(threads=2)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The lines that the tree's summary of all tests counts (scripts/test-summary.sh), if it runs these ones."""
    if "HRNET_TEST_LINES" not in os.environ:
        return
    for outcome, word in (("passed", "      OK"), ("skipped", " SKIPPED"), ("failed", " FAILED "), ("error", " FAILED ")):
        for report in terminalreporter.stats.get(outcome, []):
            reason = f": {report.longrepr[2]}" if outcome == "skipped" else ""
            name = report.nodeid.rpartition("/")[2].replace(".py::", ".")
            print(f"[ {word} ] {name}{reason}")
