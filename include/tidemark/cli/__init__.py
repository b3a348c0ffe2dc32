"""`tidemark` in the shell. One module for each group of commands, each with `add_parser` and `run`; `main`
puts them together.

Nothing heavy is imported where the arguments are read, so that help and a mistyped word answer at once.
"""
