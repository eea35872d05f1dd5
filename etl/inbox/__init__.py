"""Remarks and pictures that readers send, analysed by AWS services. None of it is public.

A form lets readers write below `inbox/incoming/` only. Each letter is taken in once: its text, or a
copy of its picture without metadata, is kept and the original deleted. Then the services analyse
it, and their answers go into `inbox/results/ID.json`. Start at `rounds.py`.
"""
