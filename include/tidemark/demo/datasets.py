"""The data sets by name."""

from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.demo.dataset import Dataset
from include.tidemark.demo.synthetic.dataset import DEFAULT_USERS, synthetic

NAMES = (COMPLETE_JOURNEY.name, "synthetic")


def dataset(name: str, users: int = DEFAULT_USERS) -> Dataset:
    """The data set of this name, one of NAMES.

    Args:
        users: size of the synthetic one; real data have the size that they have.
    """
    return synthetic(users) if name == "synthetic" else COMPLETE_JOURNEY
