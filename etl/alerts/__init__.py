"""Who is told of what: alerts by SNS, each in the languages asked for, and a dead-man's switch.

`teller` is where a run ends up; `rules` and `messages` are its pure middle: what is to be told, and
in which words.
"""
