"""Customers of businesses that differ in what they sell, how much, and for how long."""

import numpy as np

from include.tidemark.suggest.customers import Customers


def people(
    n: int = 2_000,
    seed: int = 1,
    *,
    typical: float = 90,
    spread: float = 0.8,
    travel: float = 0.25,
    necessities: float = 0.4,
    idle: float = 0.1,
    without_prior: float = 0.1,
    oldest: int = 36,
) -> Customers:
    """That many customers.

    Args:
        typical: what the middle customer spends in a month.
        travel: mean share of it; 0 where nothing of the kind is sold.
        idle: part who spent nothing in the last 90 days.
        without_prior: part who spent nothing in the 90 days before.
        oldest: months since the first of the first purchases.
    """
    rng = np.random.default_rng(seed)
    spend = np.round(300 * typical * rng.lognormal(0, spread, n)).astype(np.int64)
    prior = np.round(spend * rng.lognormal(0, 0.7, n)).astype(np.int64)
    spend[rng.random(n) < idle] = 0
    prior[rng.random(n) < without_prior] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(prior > 0, 100.0 * (spend - prior) / prior, np.nan)
    parts = rng.dirichlet(
        [3 * max(travel, 1e-9), 3 * max(necessities, 1e-9), 3 * (1 - travel - necessities)], n
    )
    tenure_months = rng.integers(0, oldest + 1, n)
    return Customers(
        spend_cents=spend,
        prior_cents=prior,
        avg_monthly_cents=np.round(spend / 3).astype(np.int64),
        lifetime_cents=spend + prior + np.round(spend * rng.random(n) * 10).astype(np.int64),
        change_pct=change,
        travel_pct=100 * parts[:, 0] if travel else np.zeros(n),
        necessities_pct=100 * parts[:, 1] if necessities else np.zeros(n),
        tenure_months=tenure_months,
        days_since_first_purchase=30 * tenure_months,
    )
