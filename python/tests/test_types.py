"""mypy --strict on the package and on a program that uses everything; docstrings."""

import ast
import inspect
import os
import pathlib
import subprocess
import sys
from typing import Any, Iterator, List, Tuple

import pytest

import hrnet
import hrnet.body
import hrnet.cocoeval
from hrnet import _core


def test_the_package_and_a_program_that_uses_everything() -> None:
    pytest.importorskip("mypy")
    program = pathlib.Path(__file__).with_name("everything.py")
    folder = pathlib.Path(hrnet.__file__).parents[1]
    environment = dict(os.environ)
    if folder.name not in ("site-packages", "dist-packages"):  # where mypy finds it by itself
        environment["MYPYPATH"] = str(folder)
    for what in [str(program)], ["-p", "hrnet"]:
        done = subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", "--no-incremental", *what],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode()


def _public_things() -> Iterator[Tuple[str, Any]]:
    for module in (hrnet, hrnet.cocoeval):
        for name in module.__all__:
            yield name, getattr(module, name)


def test_everything_has_a_docstring() -> None:
    for module in (hrnet, hrnet.body, hrnet.cocoeval):
        assert module.__doc__
    for name, thing in _public_things():
        assert name == "Image" or thing.__doc__, name
        for member, value in vars(thing).items() if isinstance(thing, type) else ():
            if not member.startswith("_") and (callable(value) or isinstance(value, (property, staticmethod))):
                assert getattr(thing, member).__doc__ or value.__doc__, f"{name}.{member}"


def _undocumented(body: List[ast.stmt]) -> Iterator[str]:
    """Public variables with a type that no string follows, of a class or its methods."""
    for one, other in zip(body, [*body[1:], None]):
        if isinstance(one, ast.FunctionDef):
            yield from _undocumented(one.body)
        if not isinstance(one, ast.AnnAssign):
            continue
        is_own = isinstance(one.target, ast.Attribute) or isinstance(body[0], ast.Expr) and one.value is None
        name = getattr(one.target, "attr", getattr(one.target, "id", ""))
        is_described = isinstance(other, ast.Expr) and isinstance(other.value, ast.Constant)
        if is_own and not name.startswith("_") and not is_described:
            yield name


def test_every_variable_has_a_docstring() -> None:
    for name in hrnet.__all__:
        thing = getattr(hrnet, name)
        if isinstance(thing, type) and not issubclass(thing, hrnet.Error):
            (node,) = ast.parse(inspect.getsource(thing)).body
            assert isinstance(node, ast.ClassDef) and list(_undocumented(node.body)) == [], name


def test_the_stub_is_whole() -> None:
    stub = ast.parse(pathlib.Path(hrnet.__file__).with_name("_core.pyi").read_text(encoding="utf-8"))
    named = {one.name for one in stub.body if isinstance(one, (ast.FunctionDef, ast.ClassDef))}
    assert named == {name for name in dir(_core) if not name.startswith("__")}


def test_pages_are_made_of_docstrings() -> None:
    pytest.importorskip("pdoc")
    build = pathlib.Path(hrnet.__file__).parents[2]
    if not (build / "build.ninja").exists():
        pytest.skip("hrnet is not in a build folder")
    script = pathlib.Path(__file__).parents[2] / "scripts" / "python-docs.sh"
    subprocess.run(["sh", str(script), str(build)], env={**os.environ, "PYTHON": sys.executable}, check=True)
    page = (build / "python-docs" / "hrnet.html").read_text(encoding="utf-8")
    assert all(f'id="{name}"' in page for name in hrnet.__all__ if name != "Image")


def test_the_program_names_everything() -> None:
    text = pathlib.Path(__file__).with_name("everything.py").read_text(encoding="utf-8")
    assert [name for name in hrnet.__all__ if f"hrnet.{name}" not in text] == []
