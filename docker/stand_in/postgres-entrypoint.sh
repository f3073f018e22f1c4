#!/bin/sh
# What the official image's entrypoint does as far as compose.yaml asks for it: makes the user's database at the first start.
set -eu
: "${POSTGRES_USER:?}" "${POSTGRES_PASSWORD:?}"
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
data=/var/lib/postgresql/data
if [ ! -s "$data/PG_VERSION" ]; then
    secret=$(mktemp)
    printf '%s' "$POSTGRES_PASSWORD" > "$secret"
    initdb -D "$data" -U "$POSTGRES_USER" --auth=scram-sha-256 --pwfile="$secret" -E UTF8 --locale=C.UTF-8 > /dev/null
    rm "$secret"
    pg_ctl -D "$data" -o "-c listen_addresses=''" -w start > /dev/null
    PGPASSWORD=$POSTGRES_PASSWORD createdb -h /var/run/postgresql -U "$POSTGRES_USER" "$POSTGRES_USER"
    pg_ctl -D "$data" -w stop > /dev/null
fi
program=$1
shift
exec "$program" -D "$data" "$@"
