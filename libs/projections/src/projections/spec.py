"""The parts of a projector, independent of the generation that it writes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chassis.stores.kafka import Brokers
from projections.dead_letters import DeadLetters
from projections.generations import Directives, Generations
from projections.ports import Handle, Views
from projections.projector import dead_letter_topic


@dataclass(frozen=True, slots=True)
class ProjectorSpec:
    """A wired projector: its topic, its record handler, and the generations of its view."""

    brokers: Brokers
    topic: str
    group: str
    generations: Generations[Any]
    handler: Callable[[Views[Any], DeadLetters], Handle]
    """Return the record handler for one generation."""
    dead_letters: DeadLetters

    @property
    def dead_letter_topic(self) -> str:
        """Return the dead-letter topic."""
        return dead_letter_topic(self.topic, self.group)

    def onto(self, directives: Directives) -> tuple[Views[Any], Handle]:
        """Return the generation to write, and the handler that writes records into it."""
        views = self.generations.views(directives.generation, directives.leading)
        return views, self.handler(views, self.dead_letters)
