"""The truth about images, and how it is read."""
