"""Cascades of drafts (CS Drafting): who reviews whose tokens, and what a model is asked for."""

from .config import (
    EXAMPLE,
    FLAN_T5_PREVIOUS_WORK,
    FLAN_T5_SIZE,
    LLAMA_7B,
    Config,
    read_config,
)
from .costs import COSTS, PUBLISHED, cost_of, costs_of, swi, swi_of
from .csd import csd
from .max_gram import MaG, bigram_table, read_bigrams, workbook_bigrams
from .record import Call, Drafted, Record
from .reviewers import CausalReviewer, Reviewer, Seq2SeqReviewer, TableReviewer
from .run import Cascade, load_cascade, run_config
from .theory import best_horizontal, ewif_horizontal, ewif_speculative, ewif_vertical, phi
from .tries import call_tree_to_token_tree

__all__ = [
    "COSTS", "EXAMPLE", "FLAN_T5_PREVIOUS_WORK", "FLAN_T5_SIZE", "LLAMA_7B", "PUBLISHED",
    "Call", "Cascade", "CausalReviewer", "Config", "Drafted", "MaG", "Record",
    "Reviewer", "Seq2SeqReviewer", "TableReviewer", "best_horizontal", "bigram_table",
    "call_tree_to_token_tree", "cost_of", "costs_of", "csd", "ewif_horizontal", "ewif_speculative",
    "ewif_vertical", "load_cascade", "phi", "read_bigrams", "read_config", "run_config", "swi",
    "swi_of", "workbook_bigrams",
]  # fmt: skip
