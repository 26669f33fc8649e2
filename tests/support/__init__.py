"""What the tests share: throw-away templates and projects, small wheels, an index on loopback."""
