#!/bin/sh
# Builds the collector image so that everybody who builds it gets the same digest, and prints that digest.
# usage: build.sh [--mirror URL] BASE SNAPSHOT OUT.tar
#   BASE          debian:bookworm-slim@sha256:... (docker buildx imagetools inspect debian:bookworm-slim)
#   SNAPSHOT      a moment of snapshot.debian.org: 20260101T000000Z
#   --mirror URL  packages as a mirror of Debian has them now (URL/debian, URL/debian-security), where the snapshots cannot be
#                 reached; SNAPSHOT is then only the time of the files, and the digest is the same only while the mirror is
# Needs docker with buildx (BuildKit 0.13 or later), or buildah, and a network. OUT.tar is an OCI archive.
set -eu

usage() { sed -n '3,8s/^# //p' "$0" >&2; exit 2; }
mirror=
[ "${1-}" != --mirror ] || { [ $# -ge 2 ] || usage; mirror=${2%/}; shift 2; }
[ $# = 3 ] || usage
base=$1 snapshot=$2 out=$3
case $base in *@sha256:*) ;; *) echo "pin the base by its digest: NAME@sha256:..." >&2; exit 2 ;; esac
day=$(echo "$snapshot" | sed -n 's/^\([0-9]\{4\}\)\([0-9]\{2\}\)\([0-9]\{2\}\)T\([0-9]\{2\}\)\([0-9]\{2\}\)\([0-9]\{2\}\)Z$/\1-\2-\3 \4:\5:\6 UTC/p')
[ -n "$day" ] || { echo "this is no moment of snapshot.debian.org: $snapshot" >&2; exit 2; }
epoch=$(date --date="$day" +%s)
here=$(dirname "$0")
set -- --build-arg "BASE=$base" --build-arg "SNAPSHOT=$snapshot" --build-arg "MIRROR=$mirror" --build-arg "SOURCE_DATE_EPOCH=$epoch"

if docker buildx version >/dev/null 2>&1; then
  docker buildx build "$here" "$@" --provenance=false --sbom=false --no-cache \
    --output "type=oci,dest=$out,rewrite-timestamp=true" >&2
else
  # Its own settings (BUILDAH_ISOLATION, STORAGE_DRIVER, CONTAINERS_STORAGE_CONF) hold.
  image=$(mktemp)
  trap 'rm -f "$image"' EXIT
  buildah build "$@" --format oci --identity-label=false --layers=false --no-cache --timestamp "$epoch" --iidfile "$image" "$here" >&2
  buildah push "$(cat "$image")" "oci-archive:$out" >&2
fi
tar -xOf "$out" index.json | sed -n 's/.*"digest":"\(sha256:[0-9a-f]*\)".*/\1/p'
