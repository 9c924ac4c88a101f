"""How fast the system is, as ratios against peers measured in the same run; nothing here judges by the clock alone."""
