"""The statistics of segments as they are asked for of the five customer segments."""

from functools import partial

from include.tidemark.segmentations.shipped import shipped
from include.tidemark.statistics import segments

_OF = shipped("customer_segments")
SEGMENTS = _OF.names
NEW_CUSTOMER, GONE_CUSTOMER = _OF.joined, _OF.left
MEANS = {feature: _OF.mean_of(feature) for feature in _OF.means}

segment_shares = partial(segments.segment_shares, segments=SEGMENTS)
segment_means = partial(
    segments.segment_means, segments=SEGMENTS, means=MEANS, units=dict.fromkeys(MEANS, 100)
)
segment_movement = partial(
    segments.segment_movement, segments=SEGMENTS, joined=NEW_CUSTOMER, left=GONE_CUSTOMER
)
segment_backtest = partial(segments.segment_backtest, segments=SEGMENTS, metric=_OF.backtest_metric)
