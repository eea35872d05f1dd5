"""Why a letter can't be read, or not yet; it never leaves the inbox."""


class Unreadable(Exception):
    """It is not what can be read, and never will be."""


class Later(Exception):
    """It waits: a service refuses for now, or the day's calls are used up."""
