{{ newest_published_rows(ref('user_engagement_published')) }}
