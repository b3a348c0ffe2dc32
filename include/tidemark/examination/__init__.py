"""What a file of the deployment would do to the newest published month, without a run."""
