"""The staging views as far as the gate reads them, for warehouses that no dbt builds."""

STAGING_VIEWS = (
    """
    create view staging.stg_users as
    select user_id, created_at,
        cast(timezone('America/New_York', timezone('UTC', created_at)) as date) as created_date,
        coalesce(is_test_user, false) as is_test_user from raw.users
    """,
    """
    create view staging.stg_transactions as
    select transaction_id, user_id, transaction_at,
        cast(timezone('America/New_York', timezone('UTC', transaction_at)) as date) as transaction_date,
        cast(round(amount_usd * 100) as bigint) as amount_cents,
        coalesce(nullif(lower(trim(status)), ''), 'posted') as status
    from raw.transactions
    """,
)
