#!/bin/sh
# In a container: write users.acl with the passwords of the secrets, then start Redis.
set -eu
umask 077
here=$(dirname "$0")
grep -v '^#' "$here/users.acl" >/tmp/users.acl
for user in $(grep -o "#@[a-z_]*@" /tmp/users.acl | tr -d "#@"); do
    # White space around a secret is not part of it.
    password=$(sed '/^[[:space:]]*$/d; s/^[[:space:]]*//; s/[[:space:]]*$//' "/run/secrets/$user")
    hash=$(printf %s "$password" | sha256sum | cut -c-64)
    sed -i "s/@$user@/$hash/" /tmp/users.acl
done
exec redis-server "$here/redis.conf" --aclfile /tmp/users.acl --protected-mode no
