# supervisor.sh TEMPLATE DIRECTORY BINARIES: runs the commands on standard input and prints the exit code of each. At the end of
# the input, because the test has closed it or was killed, it stops everything and deletes the directory. Only this script
# starts and stops processes, so that no process is left behind between two commands.
template=$1 dir=$2 bin=$3
trap '' HUP INT TERM
umask 077
bouncers=

# make_template creates an empty cluster, unless the one to copy exists. The test moves it there.
make_template() {
    [ ! -d "$template" ] || return 0
    for locale in C.UTF-8 en_US.UTF-8 C; do
        "$bin/initdb" -D "$dir/template" -U postgres -A trust -E UTF8 --locale="$locale" --no-sync >"$dir/initdb.log" 2>&1 && return 0
        rm -rf "$dir/template"
    done
    return 1
}

stop() {
    [ ! -f "$dir/data/postmaster.pid" ] || "$bin/pg_ctl" stop -D "$dir/data" -m "$1" -w -t 60 >/dev/null 2>&1
}

# alive succeeds if a process is running and not a zombie.
alive() {
    case $(ps -o stat= -p "$1" 2>/dev/null) in
    "" | *Z*) return 1 ;;
    esac
}

# crash kills the server and all its processes, as a power failure would.
crash() {
    postmaster=$(head -n 1 "$dir/data/postmaster.pid") || return 1
    all="$postmaster $(ps -A -o pid= -o ppid= | awk -v of="$postmaster" '$2 == of { print $1 }')"
    kill -KILL $all 2>/dev/null
    for process in $all; do
        while alive "$process"; do sleep 0.01; done
    done
    rm -f "$dir/data/postmaster.pid" "$dir"/.s.PGSQL.5432*
}

while read -r command args; do
    case $command in
    template) make_template ;;
    create) cp -R "$template" "$dir/data" 2>"$dir/run.log" && cat "$dir/settings" >>"$dir/data/postgresql.conf" ;;
    start) "$bin/pg_ctl" start -D "$dir/data" -l "$dir/log" -w -t 60 >"$dir/start.log" 2>&1 ;;
    stop) stop "$args" ;;
    kill) crash ;;
    run) sh -c "$args" >"$dir/run.log" 2>&1 ;;
    bouncer)
        $args >/dev/null 2>&1 &
        bouncers="$bouncers $!"
        ;;
    *) false ;;
    esac
    echo $?
done

[ -z "$bouncers" ] || kill -INT $bouncers 2>/dev/null
stop immediate
rm -rf "$dir"
