"""The whole archive at once: import versions, rebuild every run, sum up how figures were revised.

Runs are rebuilt one after the other or on Dask, which `cluster` alone knows. Dask maps the function
`rebuild.rebuild`, which makes one snapshot's run folder and may be called anywhere and repeatedly.
"""
