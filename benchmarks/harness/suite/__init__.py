"""What benchmarks/run is made of: the plan, the measuring, the reckoning, the report."""
