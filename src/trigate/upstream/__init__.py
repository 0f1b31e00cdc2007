"""The way to upstreams: connection pools behind `core.ports.Fetcher`, and what is known of each target's health."""
