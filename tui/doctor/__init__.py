"""``stagewatch doctor``: whether a project runs warm, how much faster that is, and what stands in the way."""
