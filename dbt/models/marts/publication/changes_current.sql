{{ newest_published_rows(ref('changes_published'), by=['family']) }}
