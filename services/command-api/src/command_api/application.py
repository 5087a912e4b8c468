"""Command handling for users: the library's flow with the rules of users."""

from command_api.user import Command, UserEvent, decide
from eventstore.aggregate import Aggregate
from eventstore.commands import CommandHandler

USER = Aggregate("user", UserEvent, "UserDeleted", decide)
Users = CommandHandler[Command, UserEvent]
"""Create, rename and delete users, and read their history."""
