"""`tidemark doctor`: looks at everything that a run needs before anything runs, and changes nothing."""
