"""The packages; all else is in pyproject.toml, which cannot say "these found, and those two mapped"."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["deft_lab", "deft_lab.*"]), "deft_lab._kernels", "deft_lab._data"],
    package_dir={"deft_lab._kernels": "kernels", "deft_lab._data": "data"},
)
