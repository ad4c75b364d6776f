"""Shared by the tests of cascades: drafts that say what a test wants."""

import numpy as np

from deft_lab.speculative.cascade import Drafted, MaG, TableReviewer


def constant(token, name, size=6):
    """A model that says one token whatever comes before."""
    return TableReviewer(np.eye(size)[[token] * size], name)


class Stubborn(MaG):
    """Proposes `tokens`, whatever the text."""

    def __init__(self, tokens):
        super().__init__([0])
        self.tokens = tokens

    def propose(self, prompt, ids, k, chance=None):
        return tuple(Drafted(token, self.name) for token in self.tokens), 0
