"""The daily data worker; pipeline.py tells the job in code."""

import os
from pathlib import Path

# Arrow's own allocator keeps some 30 MB more than the system's for frames of this size. Both
# variables are read once, when pyarrow and numpy are imported, which only this package's modules do
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
# To start a thread per core for linear algebra, which no run does, takes a seventh of its CPU
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

PROJECT = Path(__file__).resolve().parents[1]  # where app.py and samples/ are
VERSION = "0.1.0"
