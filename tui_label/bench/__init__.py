"""People at work, without a screen: what the screens, robots and benchmarks drive."""
