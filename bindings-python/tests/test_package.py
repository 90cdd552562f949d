"""The package as users and their tools see it: types, docs, examples."""

from __future__ import annotations

import copy
import doctest
import inspect
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import doorward
from doorward import _doorward, _errors

pytestmark = pytest.mark.thread_unsafe(reason="processes and imports")

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent


def run(*command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=PACKAGE, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stub_is_the_module_and_the_module_the_stub() -> None:
    run(
        "mypy.stubtest",
        "doorward._doorward",
        "--mypy-config-file",
        "pyproject.toml",
        "--allowlist",
        "tests/stubtest-allowlist.txt",
    )


def test_package_and_tests_are_well_typed() -> None:
    run("mypy")


def public() -> list[tuple[str, object]]:
    return [(name, getattr(doorward, name)) for name in doorward.__all__ if name != "__version__"]


@pytest.mark.parametrize(("name", "thing"), public(), ids=lambda one: one if isinstance(one, str) else "")
def test_everything_public_is_documented(name: str, thing: object) -> None:
    assert inspect.getdoc(thing), name
    if not inspect.isclass(thing) or issubclass(thing, Exception):
        return
    for member, value in vars(thing).items():
        if not member.startswith("_"):
            assert inspect.getdoc(value), f"{name}.{member}"
            if callable(value):
                assert inspect.signature(value), f"{name}.{member}"


def test_every_exception_is_told_of() -> None:
    errors = {name for name, one in vars(_errors).items() if inspect.isclass(one) and issubclass(one, Exception)}
    assert errors < set(doorward.__all__)
    for name in errors:
        error = getattr(doorward, name)
        assert error.__module__ == "doorward" and issubclass(error, doorward.Error) and error("x").code == error.code


def test_examples_in_docstrings_run() -> None:
    attempted = 0
    for module in (doorward, _doorward):
        tests = doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__, globs=vars(doorward).copy())
        # What a native module has, doctest does not look for by itself.
        for name in module.__all__:
            thing = getattr(module, name)
            if thing.__doc__ and module is _doorward and name != "__version__":
                parser = doctest.DocTestParser()
                tests.append(parser.get_doctest(inspect.getdoc(thing) or "", vars(doorward).copy(), name, None, None))
        runner = doctest.DocTestRunner()
        for test in tests:
            runner.run(test)
            attempted += len(test.examples)
        assert runner.summarize(verbose=False).failed == 0
    assert attempted >= 12, attempted


@pytest.mark.parametrize("page", [PACKAGE / "README.md", PACKAGE.parent / "README.md"], ids=["package", "repository"])
def test_examples_in_readmes_run(page: Path) -> None:
    examples = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)
    assert examples
    # One after the other: a later one may go on where an earlier one ended.
    subprocess.run([sys.executable, "-W", "error", "-c", "\n".join(examples)], check=True, timeout=60)


def test_what_holds_secrets_is_neither_pickled_nor_copied() -> None:
    secret = "a secret of at least 32 bytes, kept well"
    keys = doorward.ApiKeys([doorward.ApiKey("a", "a-key-nobody-guesses")])
    for thing in (
        doorward.Verifier(secret=secret),
        doorward.Key.from_secret(secret),
        doorward.SigningKey.from_secret(secret),
        doorward.ApiKey("a", "a-key-nobody-guesses"),
        keys,
        doorward.Gate(api_keys=keys),
        doorward.generate_key(),
        doorward.Limiter(1, 1),
    ):
        for copied in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="pickle"):
                copied(thing)
        assert secret not in repr(thing) and "nobody" not in repr(thing)


def test_exceptions_are_pickled_with_their_codes() -> None:
    with pytest.raises(doorward.TokenError) as raised:
        doorward.Verifier(secret="a secret of at least 32 bytes, kept well").verify("x")
    again = pickle.loads(pickle.dumps(raised.value))
    assert (type(again), again.code, str(again)) == (doorward.MalformedToken, "token_malformed", str(raised.value))


def test_a_stub_that_is_wrong_would_be_found(tmp_path: Path) -> None:
    """So that the check of the stub above means something: one thing missing, one too many."""
    folder = tmp_path / "doorward"
    shutil.copytree(Path(doorward.__file__).parent, folder)
    stub = folder / "_doorward.pyi"
    text = stub.read_text()
    missing = text.replace("    def clear_cache(self) -> None: ...\n", "")
    more = text.replace("    def clear_cache(self)", "    def clear_all(self) -> None: ...\n    def clear_cache(self)")
    for wrong in (missing, more):
        assert wrong != text
        stub.write_text(wrong)
        done = subprocess.run(
            [sys.executable, "-m", "mypy.stubtest", "doorward"], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 1 and "clear_" in done.stdout, done.stdout + done.stderr


def test_types_are_shipped() -> None:
    folder = Path(doorward.__file__).parent
    assert (folder / "py.typed").exists() and (folder / "_doorward.pyi").exists()


def test_the_licences_are_shipped() -> None:
    """Both ask that their text goes with every copy."""
    package = Path(__file__).parents[1]
    settings = (package / "pyproject.toml").read_text(encoding="utf-8")
    for name in ("LICENSE-APACHE", "LICENSE-MIT"):
        assert (package / name).read_text(encoding="utf-8") == (package.parent / name).read_text(encoding="utf-8")
        assert f'"{name}"' in settings


SECOND = """
import sys
import doorward
try:
    import _interpreters as interpreters
    run = interpreters.exec
except ImportError:
    import _xxsubinterpreters as interpreters
    run = interpreters.run_string
code = "import sys; sys.path[:] = " + repr(sys.path) + chr(10) + '''
try:
    import doorward
except ImportError as error:
    print("refused", flush=True)
else:
    print("imported", flush=True)
'''
run(interpreters.create(), code)
"""


def test_a_second_interpreter_is_refused() -> None:
    """What is kept once a process is one interpreter's own: another would get its classes, or what is left of them."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", SECOND], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n", done.stdout + done.stderr
