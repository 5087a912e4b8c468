#!/bin/sh
# In a container: users.acl with the passwords of the secrets, then Redis.
set -eu
umask 077
here=$(dirname "$0")
grep -v '^#' "$here/users.acl" >/tmp/users.acl
for user in redis_operator redis_projector query_api; do
    hash=$(printf %s "$(cat "/run/secrets/$user")" | sha256sum | cut -c-64)
    sed -i "s/@$user@/$hash/" /tmp/users.acl
done
exec redis-server "$here/redis.conf" --aclfile /tmp/users.acl --protected-mode no
