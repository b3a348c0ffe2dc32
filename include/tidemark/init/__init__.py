"""`tidemark init`: looks at a stranger's files and tables, and proposes the deployment's folder for them.

Guessing is the work of this package alone. What it was not sure of it says beside each guess; from then on
the files say it, and nothing that reads them guesses.
"""
