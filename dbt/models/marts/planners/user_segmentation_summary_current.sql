{{ newest_published_rows(ref('user_segmentation_summary_published')) }}
