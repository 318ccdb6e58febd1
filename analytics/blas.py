"""How many threads linear algebra takes."""

from __future__ import annotations

import os


def use_one_thread() -> None:
    """Have the linear algebra of NumPy and SciPy work in one thread, unless the environment says otherwise.

    Its matrices are small here: several threads cost four times the processor time of one and bring
    nothing, and sums that are shared out otherwise may end in other digits. It has an effect only before
    NumPy is imported, by whomever: till/project.py calls it for a command of ours, and
    till/warehouse_plugin.py for dbt by hand.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
