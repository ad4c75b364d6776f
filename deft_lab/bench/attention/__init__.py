"""`bench attention` and `bench ablation`: attention over standard trees, ours and others', checked and timed.

case: a tree and how its KV lies in the pool. subject: what is timed on a case: one of our methods, a peer
that a user would pick instead, or `read`, which only reads the same KV. row: what was found for a case and
a subject. The one rule: what is wrong gets no time, and what failed says why.
"""
