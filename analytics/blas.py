"""How many threads linear algebra takes."""

from __future__ import annotations

import os


def use_one_thread() -> None:
    """Has the linear algebra of SciPy work in one thread, unless the environment says otherwise.

    Its matrices are small here: several threads cost four times the processor time of one and bring
    nothing. To be called before SciPy is imported; later it has no effect, and figures are the same.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
