"""Check that everything is ready for the worker, and that the published files are intact."""
