"""The documentation's site:  make docs"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import matplotlib

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
matplotlib.use("Agg")

from generated import write_pages  # noqa: E402

write_pages(HERE / "lookup")  # before Sphinx looks for sources

about = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]
project, release = about["name"], about["version"]
extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx_gallery.gen_gallery"]
autosummary_generate = False  # tables of names on the page that documents them
autodoc_default_options = {"members": True, "exclude-members": "model_config, model_post_init"}  # pydantic's own
autodoc_typehints_format = "short"
numpydoc_show_class_members = False  # autodoc has them
exclude_patterns = ["_build"]
myst_heading_anchors = 3
nitpicky = True  # a reference that leads nowhere is a warning
nitpick_ignore_regex = [("py:.*", ".*")]  # types in signatures: most are of other packages, whose pages are not asked
suppress_warnings = ["config.cache"]  # the gallery's settings hold classes
html_theme = "furo"
html_title = project
linkcheck_timeout = 20
sphinx_gallery_conf = {
    "examples_dirs": str(HERE.parent / "examples/gallery"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
}
