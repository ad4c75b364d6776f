"""A round's call tree as a token tree: everything that was proposed at any level, merged by its tokens."""

from ...errors import DraftError, check_kind
from ...token_tree import TokenTree, tree_from_paths
from .record import REVIEW, Call

Path = tuple[int, ...]


def call_tree_to_token_tree(round: Call) -> TokenTree:
    """The kept chain is the trunk, the first child everywhere; each rejected token is a twig.

    provenance: who wrote the token first; of a rejected one also who cut it: "MaG, cut by small". A token
    that one call rejected and another kept is a twig no more.
    score: 1 on the trunk, 0 off it.

    Raises:
        DraftError: the round is none.
    """
    check_kind(DraftError, Call, "a Record's `rounds` holds some", round=round)
    kept = _tokens(round.kept)
    paths: list[Path] = [kept]
    by: dict[Path, str] = {}
    cut_by: dict[Path, str] = {}
    calls = sorted(round.walk(), key=lambda call: call.ended)
    for call in calls:
        drafted = _tokens(call.drafted)
        for tokens in (drafted, _tokens(call.kept)):
            paths.append(call.prefix + tokens)
        for token_list in (call.drafted, call.kept):
            for end, token in enumerate(token_list, 1):
                by.setdefault(call.prefix + _tokens(token_list[:end]), token.by)
        if call.kind == REVIEW and call.n_accepted < len(drafted):
            cut_by[call.prefix + drafted[: call.n_accepted + 1]] = call.model
    trunk = {kept[:end] for end in range(1, len(kept) + 1)}
    provenance = {
        path: f"{who}, cut by {cut_by[path]}" if path in cut_by and path not in trunk else who
        for path, who in by.items()
    }
    scores = {path: 1.0 if path in trunk else 0.0 for path in by}
    return tree_from_paths(paths, scores=scores, provenance=provenance)


def _tokens(drafted: tuple) -> Path:
    return tuple(token.token for token in drafted)
