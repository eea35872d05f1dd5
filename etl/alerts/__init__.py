"""Alerts by SNS, each in the configured languages, and a dead-man's switch.

A run reports to `teller`. `rules` decides which alerts are due and `messages` words them; both are
pure.
"""
