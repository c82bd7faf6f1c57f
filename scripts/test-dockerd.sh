#!/usr/bin/env bash
# A Docker engine of the tests' own, which leaves nothing on the machine: network namespace (so that no
# rule of the host's firewall changes), data, socket and processes go with it. Root only.
#
#   url=$(scripts/test-dockerd.sh start)    prints unix:///tmp/tmr-dk.XXXXXX/s; several may run
#   scripts/test-dockerd.sh stop "$url"     no error when it has gone already
set -euo pipefail

WAIT_S=60

complain() {
  echo "test-dockerd: $*" >&2
  exit 1
}

start() {
  local program directory namespace url
  for program in dockerd containerd runc ip nsenter iptables curl; do
    command -v "$program" >/dev/null || complain "expected $program, found none: apt-get install docker.io iproute2 iptables util-linux curl"
  done
  # A socket's path has at most 107 bytes (unix(7)), whatever TMPDIR is.
  directory=$(mktemp -d /tmp/tmr-dk.XXXXXX)
  chmod 711 "$directory"
  namespace=tmr-dk-${directory##*.}
  url=unix://$directory/s
  trap 'stop "$url"' EXIT
  ip netns add "$namespace"
  ip -n "$namespace" link set lo up
  # Not "ip netns exec": it mounts a new /sys, without the control groups.
  # Its own session: a terminal's Ctrl-C reaches the tests, who stop it.
  setsid nsenter --net="/run/netns/$namespace" dockerd --host "$url" --data-root "$directory/data" \
    --exec-root "$directory/exec" --pidfile "$directory/pid" >"$directory/log" 2>&1 </dev/null &
  echo $! >"$directory/started"
  for ((i = 0; i < WAIT_S * 10; i++)); do
    if curl --silent --fail --output /dev/null --unix-socket "$directory/s" http://engine/_ping; then
      trap - EXIT
      echo "$url"
      return
    fi
    kill -0 "$(cat "$directory/started")" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$directory/log" >&2
  complain "dockerd did not answer within $WAIT_S s (its last words are above)"
}

stop() {
  local directory=${1#unix://} namespace pid mount
  directory=${directory%/s}
  [[ $directory =~ ^/tmp/tmr-dk\.[A-Za-z0-9]+$ ]] || complain "expected what start printed, got '${1:-}'"
  [ -d "$directory" ] || return 0
  namespace=tmr-dk-${directory##*.}
  pid=$(cat "$directory/pid" 2>/dev/null || cat "$directory/started" 2>/dev/null || true)
  if is_ours "$pid" "$directory"; then
    # It ends its containers and its containerd before itself.
    kill "$pid"
    for ((i = 0; i < WAIT_S * 10; i++)); do
      is_ours "$pid" "$directory" || break
      sleep 0.1
    done
    if is_ours "$pid" "$directory"; then kill -KILL "$pid"; fi
  fi
  # What was started for it and outlives one that had to be killed: all have the directory in their arguments.
  for pid in $(processes_of "$directory"); do kill -KILL "$pid" 2>/dev/null || true; done
  # Deepest first.
  for mount in $(awk -v below="$directory/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | sort -r); do
    umount "$mount" 2>/dev/null || umount --lazy "$mount" || true
  done
  # Mounts of its containers' network namespaces are below exec; this one is ours.
  if [ -e "/run/netns/$namespace" ]; then ip netns delete "$namespace"; fi
  rm -rf "$directory"
}

# A pid may have been used again.
is_ours() {
  [ -n "$1" ] && [ -r "/proc/$1/cmdline" ] && tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF "$2/"
}

processes_of() {
  local proc pid
  for proc in /proc/[0-9]*; do
    pid=${proc#/proc/}
    [ "$pid" = $$ ] && continue
    case "$(tr '\0' ' ' 2>/dev/null <"$proc/cmdline" || true)" in
      *containerd*"$1/"*) echo "$pid" ;;
    esac
  done
}

[ "$(id -u)" = 0 ] || complain "expected root, got uid $(id -u): dockerd needs it"
case "${1:-}" in
  start) start ;;
  stop) stop "${2:-}" ;;
  *) complain "expected start or stop URL, got '${*}'" ;;
esac
