"""PyJWT's own tests, from its source distribution, against the drop-in; but for the listed differences.

The distribution is obtained by pip when this runs, of the version that is installed. ``pyjwt_differences.txt`` names
what fails by default and why; what fails besides, and what is listed and passes, fails here. With all that can be
handed over to PyJWT handed over, nothing fails.
"""

import os
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytestmark = pytest.mark.thread_unsafe(reason="processes")

TESTS = Path(__file__).parent
SUITE = ("test_api_jwt.py", "test_api_jws.py", "test_advisory.py")


def differences() -> set[str]:
    lines = (TESTS / "pyjwt_differences.txt").read_text(encoding="utf-8").splitlines()
    rows = [[part.strip() for part in line.split("|")] for line in lines if line and not line.startswith("#")]
    assert all(len(row) == 2 and all(row) for row in rows)
    listed = {test for test, _ in rows}
    assert len(listed) == len(rows), "a test is listed twice"
    return listed


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pyjwt")
    wanted = f"PyJWT=={version('PyJWT')}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "PyJWT", wanted]
    subprocess.run([*command, "--dest", str(folder)], check=True, timeout=300)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (source,) = (path for path in folder.iterdir() if path.is_dir())
    return source


@pytest.mark.parametrize("hand_over", ["", "algorithms,keys,none,tokens"], ids=["default", "handed-over"])
def test_pyjwts_own_tests(suite: Path, hand_over: str, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    paths = os.pathsep.join([str(TESTS), *(path for path in sys.path if path)])
    environment = {**os.environ, "HAND_OVER": hand_over, "PYTHONPATH": paths}
    options = ["-p", "pyjwt_alias", "-p", "no:cacheprovider", "-q", f"--junitxml={report}", "-o", "addopts="]
    files = [f"tests/{name}" for name in SUITE]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=suite,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr

    cases = list(ElementTree.parse(report).iter("testcase"))
    names = {case: f"{case.get('classname', '').removeprefix('tests.')}.{case.get('name')}" for case in cases}
    failed = {names[case] for case in cases if case.find("failure") is not None or case.find("error") is not None}
    skipped = {names[case] for case in cases if case.find("skipped") is not None}
    listed = set() if hand_over else differences()
    assert len(cases) > 200
    assert skipped == {"test_api_jws.TestJWS.test_missing_crypto_library_better_error_messages"}
    assert failed - listed == set(), run.stdout
    assert listed - failed == set(), "these pass: take them off the list"
