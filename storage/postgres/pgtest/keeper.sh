# keeper.sh TEMPLATE DIRECTORY BINARIES: runs what the test asks for on standard input, and when that ends, because the
# test closed it or died, stops everything and deletes the directory. It alone starts and stops processes, so that none
# is left between two steps.
template=$1 dir=$2 bin=$3
trap '' HUP INT TERM
umask 077
bouncers=

# make_template makes a fresh cluster, unless there is one to copy from. It is the test's to put it in that place.
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

# alive tells whether a process runs; those that nobody has waited for yet do not.
alive() {
    case $(ps -o stat= -p "$1" 2>/dev/null) in
    "" | *Z*) return 1 ;;
    esac
}

# crash ends the server and all its processes at once, as a machine that loses its power does.
crash() {
    postmaster=$(head -n 1 "$dir/data/postmaster.pid") || return 1
    all="$postmaster $(ps -A -o pid= -o ppid= | awk -v of="$postmaster" '$2 == of { print $1 }')"
    kill -KILL $all 2>/dev/null
    for process in $all; do
        while alive "$process"; do sleep 0.01; done
    done
    rm -f "$dir/data/postmaster.pid" "$dir"/.s.PGSQL.5432*
}

while read -r word rest; do
    case $word in
    template) make_template ;;
    create) cp -R "$template" "$dir/data" 2>"$dir/run.log" && cat "$dir/settings" >>"$dir/data/postgresql.conf" ;;
    start) "$bin/pg_ctl" start -D "$dir/data" -l "$dir/log" -w -t 60 >"$dir/start.log" 2>&1 ;;
    stop) stop "$rest" ;;
    kill) crash ;;
    run) sh -c "$rest" >"$dir/run.log" 2>&1 ;;
    bouncer)
        $rest >/dev/null 2>&1 &
        bouncers="$bouncers $!"
        ;;
    *) false ;;
    esac
    echo $?
done

[ -z "$bouncers" ] || kill -INT $bouncers 2>/dev/null
stop immediate
rm -rf "$dir"
