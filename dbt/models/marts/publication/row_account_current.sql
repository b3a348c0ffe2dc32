{{ newest_published_rows(ref('row_account_published')) }}
