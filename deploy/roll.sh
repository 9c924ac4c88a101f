#!/bin/bash
# Replace the replicas of services, one after the other, without a gap: roll.sh SERVICE...
# A new replica is ready before an old one is told to end, and that one hears out whom it serves. COMPOSE: the command.
set -euo pipefail
running=$($COMPOSE ps --services)
for service in "$@"; do
  grep --quiet --line-regexp "$service" <<<"$running" || continue
  old=$($COMPOSE ps --quiet "$service")
  count=$(wc -w <<<"$old")
  for replica in $old; do
    $COMPOSE up --detach --wait --no-deps --no-recreate --no-build --scale "$service=$((count + 1))" "$service"
    docker stop --time 30 "$replica" >/dev/null
    docker rm "$replica" >/dev/null
  done
done
