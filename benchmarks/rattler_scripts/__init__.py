"""py-rattler alone: each script is a whole program that imports nothing of Samebox."""
