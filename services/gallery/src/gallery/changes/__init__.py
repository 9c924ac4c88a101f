"""Changes of visibility: of one image, of many, undone, deleted; and where each has arrived."""
