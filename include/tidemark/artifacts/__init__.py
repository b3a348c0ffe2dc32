"""What a run publishes as files: tables, definitions, the manifest, and the pointers to them."""
