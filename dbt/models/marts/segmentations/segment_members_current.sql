{{ newest_published_rows(ref('segment_members_published'), by=['segmentation']) }}
