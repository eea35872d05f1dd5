"""The whole archive at once: import versions, rebuild every run, sum up how figures were revised.

Runs are rebuilt one after the other or on Dask, which only the modules `cluster`, `on_dask` and
`workers` know. The task is `rebuild.rebuild`: it makes one snapshot's run folder, on any machine,
and repeating it is harmless.
"""
