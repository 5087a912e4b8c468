"""The events of users as a projector reads them."""

from contracts.events import EventReader, given

read = EventReader(
    key="user_id",
    living=("UserCreated", "UserRenamed"),
    deletion="UserDeleted",
    fields={"first_name": given, "last_name": given},
).read
