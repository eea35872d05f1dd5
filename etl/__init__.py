"""The daily data worker; pipeline.py tells the job in code."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]  # where app.py and samples/ are
VERSION = "0.1.0"
