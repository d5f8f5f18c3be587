"""How the documentation is built: `python -m sphinx -W -b html docs docs/_build/html`.

The pages of the API reference are written anew from each room's `__all__` by
`api_pages.py`, so that they can't lack a name.
"""

import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from api_pages import write_api_pages  # noqa: E402

import itm_sklearn  # noqa: E402

write_api_pages(DOCS / "api")

project = "itm_sklearn"
author = "itm_sklearn contributors"
copyright = author
version = release = itm_sklearn.__version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    # Formulas are drawn without a network, too.
    "sphinx-mathjax-offline",
]
exclude_patterns = ["_build", "auto_examples/**/*.ipynb"]
templates_path = ["_templates"]
default_role = "obj"

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "within_subsection_order": "FileNameSortKey",
    "doc_module": ("itm_sklearn",),
    "backreferences_dir": "api/backreferences",
    "download_all_examples": False,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "itm_sklearn"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
}


def skip_inherited_from_others(app, what, name, member, skip, options):
    """Leave out what scikit-learn documents itself, such as ``set_params``."""
    module = getattr(member, "__module__", None)
    if callable(member) and module and not module.startswith("itm_sklearn"):
        return True
    return None


def setup(app):
    """Connect what this file adds to sphinx."""
    app.connect("autodoc-skip-member", skip_inherited_from_others)
