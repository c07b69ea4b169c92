"""Local: a whole plan on this machine, with the fleet's planner, fold, runner and child."""
