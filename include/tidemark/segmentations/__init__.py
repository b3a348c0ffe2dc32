"""Segmentations that files declare: each is a family, made of its file instead of a package of its own."""
