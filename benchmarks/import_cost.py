"""What importing the operators adds to ``import airflow.sdk``: every task and every DAG parse pays it.

Prints ``import.operators`` in milliseconds, the median of 9 fresh interpreters, beside Airflow's own approval operator.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

RUNS = 9
MEASURE = """
import airflow.sdk, time
start = time.perf_counter()
import {module}
print((time.perf_counter() - start) * 1000)
"""


def median_ms(module: str) -> float:
    """Median import time after ``airflow.sdk``, in milliseconds."""
    command = [sys.executable, "-c", MEASURE.format(module=module)]
    times = [float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]) for _ in range(RUNS)]
    return statistics.median(times)


def main() -> None:
    """Measure both in turn and print one JSON object."""
    anchor = "airflow.providers.standard.operators.hitl"
    anchor_value = median_ms(anchor)
    value = median_ms("airflow_privacy.operators")
    print(
        json.dumps(
            {
                "name": "import.operators",
                "value": round(value, 1),
                "unit": "ms",
                "anchor": f"import {anchor}",
                "anchor_value": round(anchor_value, 1),
                "ratio": round(value / anchor_value, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
