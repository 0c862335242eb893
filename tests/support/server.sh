# What the scripts that start a server for tests share. Sourced, after `set -euo pipefail`.
#
# A server stands in a state directory DIR: `pid` (its keeper's), `address`, `log` and `data` (the
# name of the directory with its data, under /tmp: the server may run as a user who cannot reach the
# checkout). A script defines `prepare`, which fills the data directory, and `serve`, which replaces
# the shell by the server, and sets `ready` to a pattern its log shows once it serves.

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# as_user NAME COMMAND...: replaces the shell; as NAME when the shell is root's. The server gets the
# signal when its parent ends: changing the user would have forgotten that.
as_user() {
  local user=$1
  shift
  if [[ $(id -u) == 0 ]]; then
    exec setpriv --reuid="$user" --regid="$user" --init-groups --pdeathsig="$death_signal" "$@"
  fi
  exec setpriv --pdeathsig="$death_signal" "$@"
}

# alive PID: it runs and is no zombie.
alive() { [[ -r /proc/$1/stat && $(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) != Z ]]; }

stop_server() {
  local dir=$1 pid
  [[ -f $dir/pid ]] || { rm -rf "$dir"; return 0; }
  pid=$(<"$dir/pid")
  # A pid may have been given away since: the keeper has DIR in its command line.
  if alive "$pid" && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$dir"; then
    kill -TERM "$pid"
    while alive "$pid"; do sleep 0.05; done
  fi
  rm -rf "$(<"$dir/data")" "$dir"
}

# keep DIR OWNER: runs the server until it ends, TERM comes, or the process OWNER is gone, so that a
# test run that was killed leaves nothing behind. Removes the data.
keep() {
  local dir=$1 owner=$2 data server=
  data=$(<"$dir/data")
  trap 'stopping=1; [[ -z $server ]] || kill -"$death_signal" "$server" 2>/dev/null' TERM INT
  stopping=
  (serve "$data" "${dir}") >>"$dir/log" 2>&1 &
  server=$!
  while [[ -z $stopping ]] && alive "$server"; do
    if [[ $owner != 0 ]] && ! alive "$owner"; then
      kill -"$death_signal" "$server"
      wait "$server" || true
      rm -rf "$data"
      exit 0
    fi
    sleep 0.2 &
    wait $! || true
  done
  wait "$server" || true
  rm -rf "$data"
}

# start_server DIR OWNER: returns when it serves.
start_server() {
  local dir=$1 owner=$2 try
  stop_server "$dir"
  for try in 1 2 3; do  # A free port may be taken before the server has it.
    mkdir -p "$dir"
    mktemp -d /tmp/tandem-test-server-XXXXXX >"$dir/data"
    chmod 755 "$(<"$dir/data")"
    prepare "$(<"$dir/data")" "$dir" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; return 1; }
    setsid "$self" keep "$dir" "$owner" </dev/null >/dev/null 2>&1 &
    echo $! >"$dir/pid"
    while alive "$(<"$dir/pid")"; do
      grep -q "$ready" "$dir/log" && { echo "$name serves on $(<"$dir/address")"; return 0; }
      sleep 0.05
    done
    tail -20 "$dir/log" >&2
    stop_server "$dir"
  done
  return 1
}

# The commands every such script has.
main() {
  local command=${1:-} dir
  dir=$(mkdir -p "${2:-}" && cd "$2" && pwd) || { echo "usage: $self start|stop DIR" >&2; return 2; }
  case $command in
    start) start_server "$dir" "${TANDEM_TEST_OWNER:-0}" ;;
    stop) stop_server "$dir" ;;
    keep) keep "$dir" "$3" ;;
    run) shift 2; run_server "$dir" "$@" ;;
    *) echo "usage: $self start|stop DIR" >&2; return 2 ;;
  esac
}
