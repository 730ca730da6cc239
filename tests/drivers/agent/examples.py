"""Example of the agent."""

from tests.support.examples import Example, World


def named_things(world: World) -> dict[str, object]:
    """A dataset that the text names."""
    path = world.file("people.csv", "age,city\n31,Oslo\n47,Rome\n")
    world.call("dataset.import", path=str(path), name="people")
    return {}


EXAMPLES = [
    Example("agent.propose", {"text": "show the first 2 rows of people"}, setup=named_things),
]
