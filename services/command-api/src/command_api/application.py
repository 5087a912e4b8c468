"""The commands of users: the library's way of a command, with these rules."""

from command_api.user import Command, UserEvent, decide
from eventstore.aggregate import Aggregate
from eventstore.commands import CommandHandler

USER = Aggregate("user", UserEvent, "UserDeleted", decide)
Users = CommandHandler[Command, UserEvent]
"""Create, rename, delete, and the history of a user."""
