{{ newest_published_rows(ref('customer_segments_published')) }}
