"""A cube in a real store, and how many of the cases are played there."""

import os

import campaign
from campaign import Rule
from faults import ClockAhead

# Of every test run the one that starts quickly and tries the most: another protocol.
NAMED = os.environ.get("MDIMAPPEND_STORES", "azurite").split()
ALL = campaign.ALL or "MDIMAPPEND_STORES" in os.environ
# For whoever asks for it the lock is over, however long it has been held.
LATER = Rule(ClockAhead(7200), "GET", "/lock$")


def share(cases, every):
    """All of them where the stores are what is tried, else one of so many."""
    cases = list(cases)
    return cases if ALL else cases[::every]


class Cube(campaign.Cube):
    """Whoever writes has the credentials that the server knows."""

    def environment(self, by):
        return self.store.environment()
