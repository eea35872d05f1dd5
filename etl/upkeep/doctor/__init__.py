"""Is everything ready for the worker, and is what is published what it should be?"""
