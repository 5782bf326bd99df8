# Runs one server while standard input stays open, then ends it and removes its directory.
# $1: the directory; $2: the signal for an end that keeps the data; $3: for one that need not.
# Orders, one a line: start (answer: the process id), alive (yes, no), kill and stop (done, late).

directory=$1
keeping=$2
hurried=$3
server=

# Only the end of input ends this shell. A caught signal, unlike an ignored one, is not inherited.
trap : HUP INT PIPE TERM

# A zombie has let go of its port and memory.
is_running() {
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    case ${line##*) } in [ZX]*) return 1 ;; esac
}

children() {
    for file in /proc/[0-9]*/stat; do
        { read -r line <"$file"; } 2>/dev/null || continue
        rest=${line##*) }
        rest=${rest#* }
        if [ "${rest%% *}" = "$1" ]; then echo "${line%% *}"; fi
    done
}

await_end() {
    looks=$1
    shift
    for process; do
        while is_running "$process"; do
            [ "$looks" -gt 0 ] || return 1
            looks=$((looks - 1))
            sleep 0.05
        done
    done
}

# The server is stopped first, so that it has no child that was not listed.
kill_server() {
    [ -n "$server" ] || return 0
    kill -STOP "$server" 2>/dev/null
    family="$server $(children "$server")"
    kill -KILL $family 2>/dev/null
    await_end 200 $family || return
    wait "$server" 2>/dev/null
    server=
}

stop_server() {
    [ -n "$server" ] || return 0
    kill "-$1" "$server" 2>/dev/null
    await_end 200 "$server" || kill_server || return
    [ -z "$server" ] || wait "$server" 2>/dev/null
    server=
}

# A PostgreSQL that was killed leaves a segment, which the seventh line of its lock file names.
remove_shared_memory() {
    [ -e "$directory/data/postmaster.pid" ] || return
    set -- $(sed -n 7p "$directory/data/postmaster.pid")
    [ -z "$2" ] || ipcrm --shmem-id "$2" 2>/dev/null
}

while read -r order; do
    case $order in
    start)
        sh "$directory/command" >"$directory/log" 2>&1 &
        server=$!
        echo "$server"
        ;;
    alive) if [ -n "$server" ] && is_running "$server"; then echo yes; else echo no; fi ;;
    kill) if kill_server; then echo done; else echo late; fi ;;
    stop) if stop_server "$keeping"; then echo done; else echo late; fi ;;
    esac
done

stop_server "$hurried"
remove_shared_memory
# A program that fills the directory may outlive the process that started it by a moment.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$directory" 2>/dev/null && [ ! -e "$directory" ] && break
    sleep 0.2
done
