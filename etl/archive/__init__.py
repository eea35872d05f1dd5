"""Beyond one machine: the same run over a whole archive, one day after the other or on Dask.

Dask is the engine, known to `cluster` alone; ours is the function it maps (`rebuild`), which makes
one snapshot's run folder and does not care where or how often it is called.
"""
