# Runs one PostgreSQL cluster for as long as standard input is open: the tests may be killed, the server does not outlive them.
# Arguments: the folder of the binaries, the folder of the cluster, the port, the server's settings. Commands, one a line, each answered by a line:
# start, stop (as a crash does), restart.
bin=$1 home=$2 port=$3 settings=$4
trap '' INT TERM HUP

answer() {
    if "$@" >"$home/out" 2>&1; then echo ok; else
        tail -n 5 "$home/out" "$home/log" 2>/dev/null | tr '\n' ' '
        echo
    fi
}
start() {
    "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w -t 60 -s \
        -o "-p $port -h 127.0.0.1 -k $home -c max_connections=300 $settings" start
}
stop() {
    "$bin/pg_ctl" -D "$home/data" -m immediate -w -t 60 -s stop
}

answer "$bin/initdb" -D "$home/data" -U zis -A trust -E UTF8 --locale=C --no-sync --no-instructions
while read -r command; do
    case $command in
    start) answer start ;;
    stop) answer stop ;;
    restart) stop >/dev/null 2>&1; answer start ;;
    esac
done
stop >/dev/null 2>&1
rm -rf "$home"
