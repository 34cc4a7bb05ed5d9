"""Which entries may still be part of an answer: what follows from requirements, without any choice.

An entry can be in no answer if none of the entries that it needs of another project can; a project that is surely
needed has to be one of those that all who surely need it admit. Both are masks over ranks, and one such fact often
leads to the next: of a project that pins another one exactly, hundreds of versions go at once.
"""

from __future__ import annotations

from collections import defaultdict

__all__ = ["Node", "Possible", "Rules"]

Node = tuple[str, str]
"""A normalised project name, and one normalised extra or ``""``. A rank of ``p[x]`` is that of the entry of ``p``."""


class Rules:
    """What is known of needs: by the node that is needed, which ranks of it some ranks of another one admit."""

    def __init__(self) -> None:
        self.extras: defaultdict[str, set[str]] = defaultdict(set)
        self._needs: defaultdict[Node, dict[tuple[str, Node], tuple[int, int]]] = defaultdict(dict)

    def add(self, needed: Node, specifier: str, admitted: int, who: Node, rank: int) -> None:
        """``who`` at that rank needs one of the ranks of ``needed`` that the specifier admits."""
        users = self._needs[needed].get((specifier, who), (0, 0))[1]
        self._needs[needed][specifier, who] = (admitted, users | 1 << rank)

    def left_alone(self, needed: Node, ranks: int) -> list[tuple[Node, int]]:
        """The nodes, with the ranks of them, that need none of the ranks that a node has left."""
        return [(who, users) for (_, who), (admitted, users) in self._needs[needed].items() if not admitted & ranks]


class Possible:
    """The ranks of each node that are left. ``failed`` says that a node that is surely needed has none."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.ranks: dict[Node, int] = {}
        self.required: dict[Node, None] = {}
        self.failed = False

    def copy(self) -> Possible:
        """The same over the same rules, to try something with."""
        other = Possible(self._rules)
        other.ranks = self.ranks.copy()
        other.required = self.required.copy()
        other.failed = self.failed
        return other

    def require(self, node: Node, ranks: int) -> None:
        """The node is surely needed, as one of these ranks."""
        name, extra = node
        self.required[node] = None
        if extra:
            self.require((name, ""), ranks & self.ranks[node])
        self.limit(node, ranks)
        self.failed = self.failed or not self.ranks[node]

    def rule_out(self, node: Node, ranks: int) -> None:
        self.limit(node, ~ranks)

    def limit(self, node: Node, ranks: int) -> None:
        """Only these ranks of the node are left, and what follows from that."""
        waiting = [(node, ranks)]
        while waiting and not self.failed:
            node, ranks = waiting.pop()
            left = self.ranks[node] & ranks
            if left == self.ranks[node]:
                continue
            self.ranks[node] = left
            name, extra = node
            if node in self.required:
                self.failed = not left
                if extra:
                    waiting.append(((name, ""), left))
            if not extra:
                waiting.extend(((name, other), left) for other in self._rules.extras[name])
            waiting.extend((who, ~users) for who, users in self._rules.left_alone(node, left))
