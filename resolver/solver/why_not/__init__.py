"""Why there is no solution, and what would be one: a smallest core of requests, the chain from it, what would fit."""
