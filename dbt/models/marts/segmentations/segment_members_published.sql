{{ config(alias='segment_members') }}

{{ published_rows(ref('segment_members')) }}
