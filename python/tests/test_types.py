"""mypy --strict on the package and on a program that uses everything."""

import pathlib
import subprocess
import sys

import pytest

import hrnet


def test_the_package_and_a_program_that_uses_everything() -> None:
    pytest.importorskip("mypy")
    program = pathlib.Path(__file__).with_name("everything.py")
    package = pathlib.Path(hrnet.__file__).parent
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(program), str(package)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode()


def test_everything_has_a_docstring() -> None:
    for name in hrnet.__all__:
        thing = getattr(hrnet, name)
        assert name == "Image" or thing.__doc__, name
        for member, value in vars(thing).items() if isinstance(thing, type) else ():
            if not member.startswith("_") and (callable(value) or isinstance(value, (property, staticmethod))):
                assert getattr(thing, member).__doc__ or value.__doc__, f"{name}.{member}"


def test_the_program_names_everything() -> None:
    text = pathlib.Path(__file__).with_name("everything.py").read_text(encoding="utf-8")
    assert [name for name in hrnet.__all__ if f"hrnet.{name}" not in text] == []
