"""The whole archive at once: import versions, rebuild every run, sum up how figures were revised.

Runs are rebuilt one after the other or on Dask; only the module `cluster` deals with Dask's
scheduler. The task is `rebuild.rebuild`: it makes one snapshot's run folder, on any machine, and
repeating it is harmless.
"""
