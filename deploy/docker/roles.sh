#!/bin/sh
# Run once by the image of PostgreSQL, on an empty data directory: one role owns the schema, the other works on it.
set -eu
psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" \
  -v owner="$(cat /run/secrets/owner-password)" -v app="$(cat /run/secrets/app-password)" <<'SQL'
create role parley_owner login password :'owner';
create role parley_app login password :'app';
create database parley owner parley_owner;
revoke all on database parley from public;
grant connect, temporary on database parley to parley_app;
SQL
