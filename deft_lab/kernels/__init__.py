"""The door to the Triton kernels: `deft_lab.kernels.x` is the file `kernels/x.py`.

The folder `kernels/` has no `__init__.py` and is never imported under that name: it belongs to a
package of Hugging Face, for which transformers looks at import.
"""

from pathlib import Path

_here = Path(__file__).resolve().parent
# an installed wheel carries the files in deft_lab/_kernels; a checkout has them beside deft_lab/
for _folder in (_here.parent / "_kernels", _here.parent.parent / "kernels"):
    # ours, not Hugging Face's: in site-packages the second folder is theirs
    if (_folder / "selftest.py").is_file():
        __path__.append(str(_folder))
        break
