{{ newest_published_rows(ref('statistics_published'), by=['family']) }}
