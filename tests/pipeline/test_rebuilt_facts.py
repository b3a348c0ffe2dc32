"""A deployment that corrects its time zone after the first month goes on with the next run, from facts of the
new zone."""

import yaml

from include.tidemark.demo.completejourney import COMPLETE_JOURNEY


def test_after_another_time_zone_every_day_is_built_again(deployment, tmp_path):
    rules = yaml.safe_load(COMPLETE_JOURNEY.rules_file.read_text(encoding="utf-8"))
    changed = tmp_path / "rules.yml"
    changed.write_text(yaml.safe_dump(rules | {"business_timezone": "Asia/Tokyo"}), encoding="utf-8")
    deployment.settings = deployment.settings.model_copy(update={"rules_file": changed})
    deployment.run()
    wrong = deployment.query(
        """
        with days as (
            select user_id, cast(timezone('Asia/Tokyo', timezone('UTC', transaction_at)) as date) as day,
                sum(cast(round(amount_usd * 100) as bigint)) as cents
            from raw.transactions group by all
        ), facts as (
            select user_id, transaction_date as day, sum(net_cents) as cents from core.fct_customer_category_daily group by all
        )
        (from days except from facts) union all (from facts except from days)
        """
    )
    assert wrong == []
