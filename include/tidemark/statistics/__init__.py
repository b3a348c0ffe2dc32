"""Estimates with honest uncertainty from sums: pure functions over cells, no Airflow, no warehouse.

Start from `cells.Cells` (one amount per user) or `ratio_cells.RatioCells` (two), summed into cells by one
GROUP BY, and from a `config.StatisticsConfig`. Results are `results.ResultRow` objects, the one long shape of
every published number.

| question | function | takes |
|---|---|---|
| a mean per user | `mean_rows.mean_rows` | `Cells` |
| a share of users | `proportions.proportion_row` | counts |
| a segment's share of a sum | `shares.share_rows` | `Cells` by segment |
| two groups of users compared | `groups.newcombe_difference`, `group_ratios.mean_ratio_rows` | counts, `Cells` |
| groups of whole weeks or days compared | `units.units_difference`, `units.rate_against_units` | `Units` |
| segments of customers | `segments.segment_shares`, `segment_means`, `segment_movement`, `segment_backtest` | counts, `Cells`, `RatioCells` |
| segments against each other | `segment_pairs.share_pairs`, `segment_pairs.mean_pairs`, `segment_pairs.retained_rows` | counts, `Cells`, `RatioCells` |
| segments against customers alike | `alike.alike_rows` | `RatioCells` |
| quantiles | `quantiles.quantile_rows` | values by rank |
| discoveries of a report | `multiplicity.select_families` | adjusted p-values |
| retention of cohorts, and how they differ | `retention.retention`, `retention_differences.retention_differences` | `RetentionCount` |
| changes between months | `measured.segment_numbers`, `measured_pairs`, `change_rows.rows_of` | `PairCells` |
| the same, given what each had in the earlier month | `given_earlier.rows_given_earlier` | `PairCells` |
| the trend over months | `trends.influences`, `slope`, `change_rows.rows_of` | `Sums` by month, `Found` |
| changes of those who came in weeks or on days | `unit_changes.unit_change_rows` | `UnitNumber` |
| what a fee does to retention | `retention_model.retention_model` | `BinaryTable` |
| lifetime value by tier | `lifetime_value.lifetime_value` | `Cells`, `WeeklySums`, `Units` |
| what a fee does to volume | `elasticity.elasticity` | `VolumeCells` |
| which behaviour goes with staying | `drivers.drivers` | `BinaryTable` |
| a funnel | `funnel.funnel` | `FunnelStep` |
| how far a segment can be relied on | `confidence.segment_confidence` | `Cells` |

Each name is imported from its module, so that who needs rows and cells only does not load scipy.
"""  # noqa: W505
