# shellcheck shell=sh
# Kate as somebody uses it: a finding, its code action. Run by scripts/editor-kate in the folder of a project, on a
# screen of its own; $WORK/asked and $WORK/answered are what Kate and the server say, $PICTURES is where pictures go.
set -eu

wait_for() { # WHAT COMMAND...
    what=$1
    shift
    for _ in $(seq 200); do
        if "$@" 2>/dev/null; then return; fi
        sleep 0.1
    done
    echo "Waited in vain: $what" >&2
    picture failed
    exit 1
}
picture() { if [ -n "$PICTURES" ]; then import -window root "$PICTURES/kate-$1.png"; fi; }
# How the last diagnostics that the server sent begin.
last() { grep -ao '"method":"textDocument/publishDiagnostics","params":{"diagnostics":\[[^,]*' "$WORK/answered" | tail -n 1; }
shown() { last | grep -q '\[{"code":"misspelled-websocket-setting"$'; }
none() { last | grep -q '\[\]'; }

kate --new --line 4 --column 64 snippets/ws.conf >/dev/null 2>&1 &
kate=$!
trap 'kill "$kate" 2>/dev/null || true; wait "$kate" || true' EXIT

wait_for "the finding" shown
grep -q '"languageId": "nginx"' "$WORK/asked" || { echo "Kate calls the language something else" >&2; exit 1; }
sleep 2
picture shown
# The list of code actions; whoever is asked takes the one that is offered first.
xdotool key alt+Return
wait_for "code actions" grep -aq '"kind":"quickfix"' "$WORK/answered"
sleep 2
picture actions
xdotool key Down Return
wait_for "no finding" none
sleep 1
xdotool key ctrl+s
wait_for "a saved file" grep -q '"upgrade"' snippets/ws.conf
picture saved
