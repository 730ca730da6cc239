"""Put blocks in an order in which each comes after those it waits for."""

from collections.abc import Mapping, Set


def order(needs: Mapping[str, Set[str]]) -> tuple[list[str], list[str]]:
    """Return the blocks in running order, and those that wait for each other in a circle.

    Among blocks that could run, the one written first comes first. Blocks behind a circle
    are in neither list.
    """
    done: list[str] = []
    left = {block: set(found) for block, found in needs.items()}
    while ready := next((block for block, found in left.items() if not found), None):
        done.append(ready)
        del left[ready]
        for found in left.values():
            found.discard(ready)
    return done, _circle(left)


def _circle(left: dict[str, set[str]]) -> list[str]:
    """Take away blocks that nothing in the circle waits for, until none is left but it."""
    while True:
        wanted = {need for found in left.values() for need in found}
        loose = [block for block in left if block not in wanted]
        if not loose:
            return list(left)
        for block in loose:
            del left[block]


def upstream(block: str, needs: Mapping[str, Set[str]]) -> set[str]:
    """Return a block and every block it waits for, directly or not."""
    found: set[str] = set()
    queue = [block]
    while queue:
        at = queue.pop()
        if at not in found:
            found.add(at)
            queue.extend(needs.get(at, frozenset()))
    return found
