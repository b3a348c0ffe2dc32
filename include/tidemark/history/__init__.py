"""What runs left in the warehouse for later ones: publications, what the facts were built on, erasures,
trials."""
