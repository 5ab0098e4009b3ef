"""What this system costs beside the bare libraries it stands on, as ratios. README.md explains them."""
