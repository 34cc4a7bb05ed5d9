"""The joint solve: both worlds as one problem, in which either may step back. It begins in ``solver``."""
