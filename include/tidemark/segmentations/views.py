"""The view of each declared segmentation for consumers: `marts.<name>`, the members of every published
run."""

from include.tidemark.warehouse.base import Warehouse


def show_published(name: str, warehouse: Warehouse) -> None:
    """Make the view. Like `marts.segment_members`, whose rows it shows, it knows published runs only."""
    columns = "as_of_date, run_key, user_id, segment, is_dormant"
    warehouse.execute(
        f"create or replace view marts.{name} as select {columns} from marts.segment_members where segmentation = '{name}'"
    )
