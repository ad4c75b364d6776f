"""`bench decode`: whole decode steps of a Llama with random weights, ours and transformers', part by part.

case: a task that grows a tree, with its prompt and steps. subject: what decodes it: one of our methods, or
transformers on the un-shared batch. runner: a subject on a case, stepped from outside, so that several can be
stepped in turn. row: what was found for both. The one rule: what failed says why, and the rest goes on.
"""
