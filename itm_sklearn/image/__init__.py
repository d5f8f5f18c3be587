"""Images to arrays: every class is a plain scikit-learn transformer."""
