#!/bin/bash
# A real API server for tests: apiserver.sh FOLDER puts a kubeconfig there (and one for a user "nobody" into
# FOLDER/nobody) and prints a line when it serves. Each line of standard input is a command, answered by a
# line with its exit status:
#   kubectl ARGUMENTS   as an administrator
#   stop, start         the API server alone; its etcd goes on
#   forget KEY          deletes what etcd has there, behind the API server's back
#   compact             etcd forgets all that is not current
# In the end it removes FOLDER.
# Exit status 77: there is no API server here.
set -eu
CONTROL_PLANE_ROOT=$(cd "$(dirname "$0")/../.." && pwd)
cd "$CONTROL_PLANE_ROOT"
export SHARED=${SHARED:-../shared}
folder=$1
if [ -z "${KUBEBUILDER_ASSETS:-}" ] && [ ! -x "$SHARED/envtest/unpack" ]; then
    echo "no API server at hand" >&2
    exit 77
fi
for tool in etcd kubectl; do
    command -v "$tool" >/dev/null || {
        echo "no $tool at hand" >&2
        exit 77
    }
done
exec 3>&1 1>"$folder/log" 2>&1
# shellcheck source=tests/e2e/processes
. tests/e2e/processes
# shellcheck source=tests/e2e/control-plane
. tests/e2e/control-plane
trap 'control_plane_stop; rm -rf "$folder"' EXIT
trap 'exit 1' TERM INT

mkdir "$folder/plane" "$folder/nobody"
control_plane_start "$folder/plane"
sign "$folder/plane/ca" "$folder/nobody/nobody" /CN=nobody
write_kubeconfig "$folder/nobody/kubeconfig" "$folder/nobody/nobody"
cp "$KUBECONFIG" "$folder/kubeconfig"

# The API server is what was started last.
server=$((${#CONTROL_PLANE_PIDS[@]} - 1))
mapfile -d '' server_command <"/proc/${CONTROL_PLANE_PIDS[server]}/cmdline"
etcd=$(printf '%s\n' "${server_command[@]}" | sed -n 's/^--etcd-servers=//p')

stop_server() { end_process "${CONTROL_PLANE_PIDS[server]}" || true; }

start_server() {
    "${server_command[@]}" &
    CONTROL_PLANE_PIDS[server]=$!
    WAIT_PID=$! wait_for 120 "the API server" kubectl get --raw /readyz
}

ask_etcd() { curl -fsS "$etcd/v3/kv/$1" -d "$2"; }

forget() { ask_etcd deleterange "{\"key\": \"$(printf %s "$1" | base64 -w 0)\"}" | grep -q '"deleted":"1"'; }

compact() {
    local revision
    revision=$(ask_etcd range '{"key": "AA=="}' | sed -n 's/.*"revision":"\([0-9]*\)".*/\1/p')
    ask_etcd compaction "{\"revision\": \"$revision\", \"physical\": true}"
}

echo 0 >&3
while read -r verb rest; do
    status=0
    case $verb in
    # The words of the command are what kubectl gets, braces and all.
    kubectl) eval "kubectl $rest" || status=$? ;;
    stop) stop_server ;;
    start) start_server || status=$? ;;
    forget) forget "$rest" || status=$? ;;
    compact) compact || status=$? ;;
    *) status=2 ;;
    esac
    echo "$status" >&3
done
