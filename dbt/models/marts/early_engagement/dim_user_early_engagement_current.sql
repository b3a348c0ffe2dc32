{%- set features = published_features(ref('dim_user_early_engagement')) -%}

{{ newest_published_rows(
    ref('dim_user_early_engagement_published'),
    columns=['as_of_date', 'run_key', 'user_id', 'created_date', 'creation_app_platform'] + features + ['is_retained_4_weeks'],
) }}
