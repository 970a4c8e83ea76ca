"""Everything that happens to a photo before it becomes a shape: resolution, pose and viewpoint, background, and what is in it."""
