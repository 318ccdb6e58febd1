"""What the benchmarks measure of a command is the command's alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no wait4")

# A caller of 400 MB measures a command that takes hardly any, and one of 200 MB; and one that fails.
CALLER = """
import sys
from pathlib import Path
from measure import measure
ballast = bytearray(b"x") * (400 << 20)
def python(code):
    return measure([sys.executable, "-S", "-c", code], cwd=Path.cwd())
small = python("print('said')")
large = python("print(len(bytearray(b'x') * (200 << 20)))")
print(small.output, small.peak_mb < 100, 200 < large.peak_mb < 300, 0 < small.seconds < 100)
try:
    python("import sys; print('why'); sys.exit(3)")
except RuntimeError as error:
    print("why" in str(error))
"""


def test_the_memory_of_the_caller_is_not_counted(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALLER],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "docs" / "benchmarks")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.split() == ["said", "True", "True", "True", "True"], done.stderr
