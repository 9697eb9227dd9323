"""What the commands of `migrate` do: built on `sync.migrate`, which knows neither settings nor terminals."""
