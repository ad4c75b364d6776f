"""Speculative decoding: drafts propose, a target decides."""
