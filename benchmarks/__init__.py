"""The figures the project states about itself, each measured by a module named `bench_*`."""
