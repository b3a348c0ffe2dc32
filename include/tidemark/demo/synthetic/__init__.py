"""A data set of any size whose true effects are known: what is planted is in `truth.py`, and tests find it
again."""
