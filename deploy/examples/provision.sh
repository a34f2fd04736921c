#!/bin/sh
# Provisions a project with an instance on MongoDB and one on PostgreSQL, using nothing but curl and an
# API token: one call makes, configures and deploys an instance. Then it uploads, deploys a mistake,
# rolls back, and rotates signing keys while clients keep uploading.
#
#   TURNKEY_API_URL    http://localhost:8080/api/v1
#   TURNKEY_API_TOKEN  an organization's API token (tk_...)
#   MONGODB_URI        connection strings of the two sources; both hold the demo's table "lists"
#   POSTGRES_URI
#   KEY_OVERLAP        how long a new key is published before it signs (3s; development instances only)
#
# With `turnkey dev` all of them are in .turnkey/dev.json.
set -eu
: "${TURNKEY_API_URL:?}" "${TURNKEY_API_TOKEN:?}" "${MONGODB_URI:?}" "${POSTGRES_URI:?}"
overlap=${KEY_OVERLAP:-3s}
work=$(mktemp -d)
trap 'touch "$work/stop"; wait; rm -rf "$work"' EXIT

say() { printf '%s\n' "$*"; }
die() { say "FAILED: $*" >&2; exit 1; }

# api METHOD PATH [JSON] [HEADER]: calls the control plane; an answer that is no success ends the script.
api() {
  curl -sS --fail-with-body -X "$1" "$TURNKEY_API_URL$2" -H "Authorization: Bearer $TURNKEY_API_TOKEN" \
    -H 'Content-Type: application/json' -H "${4:-Accept: application/json}" ${3:+--data-binary "$3"} || die "$1 $2"
}

# pick NAME: the first member of that name in the JSON on standard input.
pick() { grep -o "\"$1\":\"\{0,1\}[^\",}]*" | head -n 1 | sed "s/^\"$1\":\"\{0,1\}//"; }

# config SOURCE ID TABLE CREATE: a configuration, here as JSON; YAML text in a string works as well.
config() {
  cat <<JSON
{"source": {"type": "$1", "uri": {"secret": "SOURCE_URI"}, "database": "$5"},
 "auth": {"powersync_url": "http://localhost:8081", "development_tokens": true, "providers": [{"name": "server", "type": "api_key"}]},
 "tables": {"lists": {$3, "id": "$2",
   "allow": {"create": "$4", "update": "old.owner_id == user.id", "delete": "old.owner_id == user.id"},
   "fields": {"name": {"type": "string"}, "owner_id": {"type": "string"}}}}}
JSON
}

# token URL: a PowerSync token of the instance, for the user "provisioner".
token() { curl -sS "$1/token?user_id=provisioner" | pick token; }

# upload URL TOKEN ID: writes one list and prints the answer.
upload() {
  curl -sS "$1/api/data" -H "Authorization: Bearer $2" -H 'Content-Type: application/json' --data-binary \
    "{\"transactions\":[{\"crud\":[{\"op\":\"PUT\",\"table\":\"lists\",\"id\":\"$3\",\"op_data\":{\"name\":\"provisioned\",\"owner_id\":\"provisioner\"}}]}]}"
}

expect() { # STATUS, of the upload whose answer is on standard input
  answer=$(cat)
  [ "$(printf %s "$answer" | pick status)" = "$1" ] || die "wanted $1: $answer"
}

# row SOURCE N: an id of the source's type.
row() { if [ "$1" = mongodb ]; then printf '7e57cafe%016x' "$2"; else printf '7e57cafe-0000-7000-9000-%012x' "$2"; fi; }

# load SOURCE URL OLD WORKER: a client that never stops; its first token stays good for minutes.
load() {
  n=$(($4 * 100000))
  while [ ! -e "$work/stop" ]; do
    fresh=$(token "$2")
    [ -n "$fresh" ] || say "no token" >>"$work/refused"
    for t in "$3" "$fresh"; do
      n=$((n + 1))
      answer=$(upload "$2" "$t" "$(row "$1" $n)")
      [ "$(printf %s "$answer" | pick status)" = success ] || say "$answer" >>"$work/refused"
      say . >>"$work/uploads"
    done
  done
}

# rotate SOURCE INSTANCE URL: publishes a new key and waits, under load, until it signs.
rotate() {
  rm -f "$work/stop"; : >"$work/uploads"; : >"$work/refused"
  old=$(token "$3")
  load "$1" "$3" "$old" 1 & load "$1" "$3" "$old" 2 &
  key=$(api POST "/instances/$2/signing-keys/rotate" "{\"overlap\": \"$overlap\"}" | pick id)
  tries=0
  until api GET "/instances/$2/signing-keys" | grep -q "\"id\":\"$key\",\"algorithm\":\"EdDSA\",\"status\":\"signing\""; do
    tries=$((tries + 1)); [ $tries -lt 120 ] || die "the new key $key never signs"
    sleep 0.5
  done
  before=$(wc -l <"$work/uploads")
  until [ "$(wc -l <"$work/uploads")" -ge $((before + 20)) ]; do sleep 0.1; done # the old key's tokens, and the new one's
  touch "$work/stop"; wait
  [ ! -s "$work/refused" ] || die "refused during rotation: $(head -n 3 "$work/refused")"
  say "  rotated to $key: $(wc -l <"$work/uploads") uploads meanwhile, none refused"
}

org=$(api GET /orgs | pick id)
project=$(api POST "/orgs/$org/projects" '{"name": "Provisioned"}' | pick id)
say "project $project"

# provision SOURCE URI ID TABLE DATABASE
provision() {
  good=$(config "$1" "$3" "$4" "new.owner_id == user.id" "$5")
  made=$(api POST "/projects/$project/instances" \
    "{\"name\": \"$1\", \"kind\": \"development\", \"deploy\": true, \"config\": $good, \"secrets\": {\"SOURCE_URI\": \"$2\"}}")
  [ "$(printf %s "$made" | pick pending)" = false ] || die "no runtime serves it: $made"
  instance=$(printf %s "$made" | pick id)
  url=$(printf %s "$made" | pick url)
  say "instance $instance on $1: $url"
  upload "$url" "$(token "$url")" "$(row "$1" 1)" | expect success

  # A deployment with a mistake: nobody may create any more. It is deployed, noticed, and rolled back.
  etag=$(curl -sS -D - -o /dev/null "$TURNKEY_API_URL/instances/$instance/config" -H "Authorization: Bearer $TURNKEY_API_TOKEN" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
  api PUT "/instances/$instance/config" "{\"config\": $(config "$1" "$3" "$4" false "$5")}" "If-Match: $etag" >/dev/null
  api POST "/instances/$instance/deployments" '{"message": "a mistake"}' >/dev/null
  upload "$url" "$(token "$url")" "$(row "$1" 2)" | expect fatal_error
  api POST "/instances/$instance/deployments/1/activate" '{}' >/dev/null
  upload "$url" "$(token "$url")" "$(row "$1" 3)" | expect success
  say "  rolled back from deployment 2 to 1"

  rotate "$1" "$instance" "$url"
}

provision mongodb "$MONGODB_URI" objectid '"collection": "lists"' todo
provision postgres "$POSTGRES_URI" uuid '"table": "public.lists", "key": "id"' turnkey
say done
