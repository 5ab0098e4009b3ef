"""What is not published, so that no figure gives away the answers of fewer than five people.

Cells make a tree: a group's count is the sum of those of its parts, with a rest that was released of the group itself.
First every figure of one to four people is hidden (`few`); then as many others (`guard`) as it takes that nobody can
work them out from the published counts by adding and taking away (complementary suppression: Cox 1980; Willenborg and
de Waal 2001, ch. 4). The attacker is taken to have every published count, to know the tree and what `few` and `guard`
mean; he may not learn the count of any hidden few, nor any sum of hidden ones that is below five.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal, TypeAlias

from schemas.surveys import Figure

LEAST = 5
"""A figure of fewer people is not published."""

Cell: TypeAlias = tuple[str, ...]
Ground: TypeAlias = Literal["few", "guard"]
REST = "\x00"
"""Names what was released of a group itself; it is never published."""


def suppressed(found: Iterable[Figure], least: int = LEAST) -> tuple[Figure, ...]:
    """The same figures in the same order, those that must not be seen emptied to cell, area, question and `hidden`; of
    a cell inside one that is hidden as `few` nothing is said at all, for four cells with somebody in a group of few
    people would tell that each is one.

    Along the cells each area and question is a tree of its own (`hide`). Across them, an area is made of its questions
    and the whole of its areas: where a cell shows an area and all but one of its questions, or the hidden ones have
    fewer than `least` answers together, the next smallest question is hidden too, or the area where there is none.
    """
    told = tuple(found)
    counts: dict[tuple[str, str], dict[Cell, int]] = {}
    for each in told:
        counts.setdefault((each.area, each.question), {})[each.cell] = each.n
    forced: dict[tuple[str, str], frozenset[Cell]] = dict.fromkeys(counts, frozenset())
    known: dict[object, dict[Cell, Ground]] = {}
    while True:
        hidden = {}
        for part, tree in counts.items():
            key = (frozenset(tree.items()), forced[part])
            if key not in known:
                known[key] = hide(tree, least, forced[part])
            hidden[part] = known[key]
        more = _across(counts, hidden, least)
        if not more:
            break
        for part, cell in more:
            forced[part] |= {cell}
    return tuple(
        Figure(cell=each.cell, area=each.area, question=each.question, hidden=ground)
        if (ground := hidden[each.area, each.question].get(each.cell))
        else each
        for each in told
        if not _inside_few(each.cell, hidden[each.area, each.question])
    )


def _inside_few(cell: Cell, hidden: Mapping[Cell, Ground]) -> bool:
    return any(hidden.get(cell[:end]) == "few" for end in range(len(cell)))


def _across(
    counts: Mapping[tuple[str, str], Mapping[Cell, int]],
    hidden: Mapping[tuple[str, str], Mapping[Cell, Ground]],
    least: int,
) -> list[tuple[tuple[str, str], Cell]]:
    """What has to be hidden besides, since a cell shows the sum of the parts of which it hides some."""
    more: list[tuple[tuple[str, str], Cell]] = []
    areas = sorted({area for area, _ in counts if area})
    sums = {(area, ""): [part for part in counts if part[0] == area and _adds(part[1])] for area in areas}
    sums[("", "")] = [(area, "") for area in areas if (area, "") in counts]
    for whole, parts in sums.items():
        for cell, people in counts.get(whole, {}).items():
            there = [part for part in parts if counts[part].get(cell)]
            secret = [part for part in there if cell in hidden[part]]
            if not people or cell in hidden[whole] or not secret:
                continue
            if len(secret) > 1 and sum(counts[part][cell] for part in secret) >= least:
                continue
            seen = [part for part in there if cell not in hidden[part]]
            more.append((min(seen, key=lambda part: (counts[part][cell], part)) if seen else whole, cell))
    return more


def _adds(question: str) -> bool:
    """A question whose answers are part of its area's; the options of a choice are not."""
    return bool(question) and ":" not in question


# A tree of counts


@dataclass(slots=True)
class Node:
    """A cell in the tree: its count, what an attacker knows of it (from `low` to `high`), why it is hidden."""

    cell: Cell
    count: int
    parent: "Node | None"
    children: "list[Node]"
    ground: Ground | Literal["", "rest"] = ""
    low: float = 0
    high: float = inf

    @property
    def known(self) -> bool:
        return self.low == self.high


def hide(counts: Mapping[Cell, int], least: int = LEAST, forced: frozenset[Cell] = frozenset()) -> dict[Cell, Ground]:
    """The cells to hide of a tree of counts, and why; cells of nobody and those that are not in the tree are not told.
    The cells in `forced` are hidden in any case. A cell inside one of `few` is `few` too; nobody may be told of it.

    While an attacker could work something out, the smallest visible part of the group that gives it away is hidden, or
    the group where no part is left; then whatever needs not be hidden is shown again, the largest first. So the same
    counts always hide the same cells, and showing any one of the guards would give something away.
    """
    nodes = _tree(counts, least)
    for node in nodes:
        if node.ground != "rest" and node.count < least:
            node.ground = "few"
        elif node.cell in forced:
            node.ground = "guard"
    while leaks := _leaks(nodes, least):
        for leak in _apart(leaks):
            _next_to_hide(leak).ground = "guard"
    guards = [node for node in nodes if node.ground == "guard" and node.cell not in forced]
    for node in sorted(guards, key=lambda node: (-node.count, node.cell)):
        node.ground = ""
        if _leaks(nodes, least):
            node.ground = "guard"
    hidden: dict[Cell, Ground] = {cell: "few" for cell, count in counts.items() if 0 < count < least}
    for node in nodes:
        if node.ground == "guard" and node.cell in counts:
            hidden[node.cell] = "guard"
    return hidden


def _tree(counts: Mapping[Cell, int], least: int) -> list[Node]:
    """The nodes, parents before children, nothing below those of fewer than `least`. A group that is not in `counts`
    counts its parts."""
    few = {cell for cell, count in counts.items() if count < least}
    cells = {
        cell[:end]
        for cell, count in counts.items()
        if count > 0 and not any(cell[:end] in few for end in range(len(cell)))
        for end in range(len(cell) + 1)
    }
    by_cell: dict[Cell, Node] = {}
    for cell in sorted(cells, key=lambda cell: (len(cell), cell)):
        parent = by_cell.get(cell[:-1]) if cell else None
        node = Node(cell=cell, count=counts.get(cell, 0), parent=parent, children=[])
        by_cell[cell] = node
        if parent:
            parent.children.append(node)
    nodes = list(by_cell.values())
    for node in reversed(nodes):
        inside = sum(child.count for child in node.children)
        if node.cell not in counts:
            node.count, node.ground = inside, "rest"
        if node.children and node.count > inside:
            rest = Node(cell=(*node.cell, REST), count=node.count - inside, parent=node, children=[], ground="rest")
            node.children.append(rest)
            nodes.append(rest)
    return nodes


def _leaks(nodes: list[Node], least: int) -> list[Node]:
    """The nodes that tell an attacker something: a hidden few for whose count only one number fits, or a known group
    whose hidden people are together fewer than `least`."""
    _bound(nodes, least)
    found: dict[int, Node] = {}
    for node in nodes:
        if not node.count:
            continue
        if node.ground in {"few", "rest"} and node.known and node.count < least and node.parent:
            found[id(node)] = node
        elif node.known and node.children and node.ground != "few":
            seen = sum(each.count for each in _known_inside(node))
            if 0 < node.count - seen < least:
                found[id(node)] = node
    return list(found.values())


def _bound(nodes: list[Node], least: int) -> None:
    """The bounds of every count that an attacker can derive. On a tree of sums one way up and one down are exact."""
    order = sorted(nodes, key=lambda node: len(node.cell))
    for node in reversed(order):
        match node.ground:
            case "":
                node.low = node.high = node.count
            case "few":
                node.low, node.high = 1, least - 1
            case "guard":
                node.low, node.high = least, inf
            case _:
                node.low, node.high = 0, inf
        if node.children:
            node.low = max(node.low, sum(child.low for child in node.children))
            node.high = min(node.high, sum(child.high for child in node.children))
    for node in order:
        if not node.children:
            continue
        low, endless = sum(child.low for child in node.children), sum(child.high == inf for child in node.children)
        high = sum(child.high for child in node.children if child.high != inf)
        bounds = [
            (
                max(child.low, node.low - (high - (child.high if child.high != inf else 0)))
                if endless == (child.high == inf)
                else child.low,
                min(child.high, node.high - (low - child.low)),
            )
            for child in node.children
        ]
        for child, bound in zip(node.children, bounds, strict=True):
            child.low, child.high = bound


def _known_inside(node: Node) -> list[Node]:
    """The uppermost nodes below this one whose counts an attacker knows."""
    found: list[Node] = []
    for child in node.children:
        found += [child] if child.known else _known_inside(child)
    return found


def _apart(leaks: list[Node]) -> list[Node]:
    """Leaks that have no other one's group in common, the lowest first."""
    taken: set[Cell] = set()
    found = []
    for leak in sorted(leaks, key=lambda node: (-len(node.cell), node.cell)):
        group = leak.parent.cell if leak.parent and leak.ground in {"few", "rest"} else leak.cell
        if not any(group[: len(other)] == other or other[: len(group)] == group for other in taken):
            taken.add(group)
            found.append(leak)
    return found


def _next_to_hide(leak: Node) -> Node:
    """The smallest visible part of the lowest group around a leak that has one, else the lowest visible group."""
    node: Node | None = leak
    while node:
        visible = _visible_inside(node)
        if visible:
            return min(visible, key=lambda each: (each.count, each.cell))
        if not node.ground:
            return node
        node = node.parent
    raise AssertionError("Where everything is hidden nothing can be worked out.")


def _visible_inside(node: Node) -> list[Node]:
    """The uppermost visible nodes with somebody in them below this one."""
    found: list[Node] = []
    for child in node.children:
        if child.ground:
            found += _visible_inside(child)
        elif child.count:
            found.append(child)
    return found
