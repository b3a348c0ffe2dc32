"""The stages of a run as plain functions; the DAG and the command line call the same ones."""
