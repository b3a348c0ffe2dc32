{{ config(alias='user_segmentation_summary') }}

{{ published_rows(ref('user_segmentation_summary')) }}
