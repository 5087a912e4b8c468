"""What a projector consists of, before anybody says onto which generation it projects."""

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
    """A wired projector: where it reads, what it does with records, and its view's generations."""

    brokers: Brokers
    topic: str
    group: str
    generations: Generations[Any]
    handler: Callable[[Views[Any], DeadLetters], Handle]
    """What deals with records, for one generation."""
    dead_letters: DeadLetters

    @property
    def letters(self) -> str:
        """The dead-letter topic."""
        return dead_letter_topic(self.topic, self.group)

    def onto(self, directives: Directives) -> tuple[Views[Any], Handle]:
        """The generation to write, and what writes records into it."""
        views = self.generations.views(directives.generation, directives.leading)
        return views, self.handler(views, self.dead_letters)
