"""The daily data worker; pipeline.py tells the job in code."""

import os
from pathlib import Path

# Arrow's own allocator keeps some 30 MB more than the system's for frames of this size. The
# variable is read once, when pyarrow is imported, which only modules of this package do
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

PROJECT = Path(__file__).resolve().parents[1]  # where app.py and samples/ are
VERSION = "0.1.0"
