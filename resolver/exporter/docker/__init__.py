"""The Docker build context of a lock: the Dockerfile, stage by stage, and the files that it copies."""
