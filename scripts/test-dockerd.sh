#!/usr/bin/env bash
# A Docker engine of the tests' own, which leaves nothing on the machine: network namespace (so that no
# rule of the host's firewall changes), data, socket and processes go with it. Root only.
#
#   url=$(scripts/test-dockerd.sh start)    prints unix:///tmp/tmr-dk.XXXXXX/s; several may run
#   urls=$(scripts/test-dockerd.sh start --joined)   two with a cable between them, as two machines: prints
#                                           URL=ADDRESS,URL=ADDRESS, the words of --engines
#   scripts/test-dockerd.sh stop "$urls"    either; no error when it has gone already
set -euo pipefail

WAIT_S=60
# Of the cable; seen in the two namespaces alone, and in none of the pools from which an engine draws.
ADDRESSES=(10.77.0.1 10.77.0.2)

complain() {
  echo "test-dockerd: $*" >&2
  exit 1
}

start() {
  local program directory started=()
  for program in dockerd containerd runc ip nsenter iptables curl; do
    command -v "$program" >/dev/null || complain "expected $program, found none: apt-get install docker.io iproute2 iptables util-linux curl"
  done
  # A socket's path has at most 107 bytes (unix(7)), whatever TMPDIR is.
  directory=$(mktemp -d /tmp/tmr-dk.XXXXXX)
  started+=("$directory")
  if [ "${1:-}" = --joined ]; then
    directory=$(mktemp -d /tmp/tmr-dk.XXXXXX)
    started+=("$directory")
  fi
  # The words now: the trap's own are read when this function has ended.
  trap "stop_all ${started[*]}" EXIT
  for directory in "${started[@]}"; do make_namespace "$directory"; done
  if [ "${#started[@]}" = 2 ]; then join "${started[@]}"; fi
  for directory in "${started[@]}"; do launch "$directory"; done
  for directory in "${started[@]}"; do await "$directory"; done
  trap - EXIT
  if [ "${#started[@]}" = 1 ]; then
    echo "unix://${started[0]}/s"
  else
    echo "unix://${started[0]}/s=${ADDRESSES[0]},unix://${started[1]}/s=${ADDRESSES[1]}"
  fi
}

namespace_of() { echo "tmr-dk-${1##*.}"; }

make_namespace() {
  chmod 711 "$1"
  ip netns add "$(namespace_of "$1")"
  ip -n "$(namespace_of "$1")" link set lo up
}

# A virtual cable, which goes when either namespace does.
join() {
  local directory index=0
  ip link add cable netns "$(namespace_of "$1")" type veth peer name cable netns "$(namespace_of "$2")"
  for directory in "$@"; do
    ip -n "$(namespace_of "$directory")" address add "${ADDRESSES[index]}/24" dev cable
    ip -n "$(namespace_of "$directory")" link set cable up
    index=$((index + 1))
  done
}

launch() {
  # Not "ip netns exec": it mounts a new /sys, without the control groups.
  # Its own session: a terminal's Ctrl-C reaches the tests, who stop it.
  setsid nsenter --net="/run/netns/$(namespace_of "$1")" dockerd --host "unix://$1/s" --data-root "$1/data" \
    --exec-root "$1/exec" --pidfile "$1/pid" >"$1/log" 2>&1 </dev/null &
  echo $! >"$1/started"
}

await() {
  local i
  for ((i = 0; i < WAIT_S * 10; i++)); do
    if curl --silent --fail --output /dev/null --unix-socket "$1/s" http://engine/_ping; then return; fi
    kill -0 "$(cat "$1/started")" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$1/log" >&2
  complain "dockerd did not answer within $WAIT_S s (its last words are above)"
}

stop() {
  local url directories=()
  IFS=, read -ra urls <<<"${1:-}"
  [ "${#urls[@]}" -gt 0 ] || complain "expected what start printed, got nothing"
  for url in "${urls[@]}"; do
    url=${url%%=*}
    url=${url#unix://}
    [[ $url =~ ^/tmp/tmr-dk\.[A-Za-z0-9]+/s$ ]] || complain "expected what start printed, got '$1'"
    directories+=("${url%/s}")
  done
  stop_all "${directories[@]}"
}

stop_all() {
  local directory
  for directory in "$@"; do stop_one "$directory"; done
}

stop_one() {
  local directory=$1 namespace pid mount i
  [ -d "$directory" ] || return 0
  namespace=$(namespace_of "$directory")
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
  start)
    [[ ${2:-} =~ ^(--joined)?$ ]] || complain "expected start or start --joined, got '${*}'"
    start "${2:-}"
    ;;
  stop) stop "${2:-}" ;;
  *) complain "expected start, start --joined or stop URL, got '${*}'" ;;
esac
