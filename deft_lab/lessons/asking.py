"""The question of a prediction as a widget: a field, a button to save, a button to skip."""

import re
from typing import TYPE_CHECKING, Any

from .show import plain

if TYPE_CHECKING:
    from .predicting import Prediction


def show_question(prediction: "Prediction") -> None:
    """Show the widget; where none can be shown, the question."""
    from IPython.display import display

    bundle = {"text/markdown": prediction.markdown, "text/plain": plain(prediction.markdown)}
    view = question_box(prediction)._repr_mimebundle_()
    display(view | bundle, raw=True)


def question_box(prediction: "Prediction") -> Any:
    """The widget. A number counts as soon as the field loses the focus or Enter is pressed."""
    import ipywidgets as w

    value = "" if prediction.guess is None else f"{prediction.guess:g}"
    field = w.Text(
        value=value,
        placeholder="a number",
        description="Your guess",
        continuous_update=False,
        layout=w.Layout(width="230px"),
    )
    save = w.Button(description="Save", button_style="primary", tooltip="Store this guess")
    skip = w.Button(description="Skip", tooltip="Go on without a guess")
    status = w.Label(prediction.problem or prediction.status)

    def take(_: Any) -> None:
        if prediction.truth is not None:
            status.value = "The number has been revealed; run this cell again to guess anew."
            return
        try:
            prediction.save(as_number(field.value))
        except ValueError:  # no number, or a DeftLabError: not above 0
            status.value = f"{field.value!r} is no number above 0; write it like 3, 1.5 or 2e6, or skip."
            return
        status.value = f"{prediction.status} Now run the next cell."

    def leave(_: Any) -> None:
        if prediction.truth is not None:
            return
        field.value = ""
        prediction.skip()
        status.value = "Skipped. Run the next cell; a typical first guess stands in for yours."

    field.observe(lambda change: take(change) if change["new"].strip() else None, "value")
    save.on_click(take)
    skip.on_click(leave)
    question = w.HTML(f"<b>Predict.</b> {prediction.question}")
    return w.VBox([question, w.HBox([field, w.Label(prediction.unit), save, skip]), status])


def as_number(text: str) -> float:
    """What a person types: 18x, 3 %, 1,000 and the 18,5 of half of Europe are fine; else a ValueError."""
    text = text.strip().rstrip("x×% ").replace("_", "")
    thousands = re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d*)?", text)
    return float(text.replace(",", "" if thousands else "."))
