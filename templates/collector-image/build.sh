#!/bin/sh
# Builds the collector image so that everybody who builds it gets the same digest, and prints that digest.
# usage: build.sh BASE SNAPSHOT OUT.tar     BASE      debian:bookworm-slim@sha256:... (docker buildx imagetools inspect debian:bookworm-slim)
#                                           SNAPSHOT  a moment of snapshot.debian.org: 20260101T000000Z
# Needs docker with buildx (BuildKit 0.13 or later) and a network. OUT.tar is an OCI archive.
set -eu

[ $# = 3 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
base=$1 snapshot=$2 out=$3
case $base in *@sha256:*) ;; *) echo "pin the base by its digest: NAME@sha256:..." >&2; exit 2 ;; esac
day=$(echo "$snapshot" | sed -n 's/^\([0-9]\{4\}\)\([0-9]\{2\}\)\([0-9]\{2\}\)T\([0-9]\{2\}\)\([0-9]\{2\}\)\([0-9]\{2\}\)Z$/\1-\2-\3 \4:\5:\6 UTC/p')
[ -n "$day" ] || { echo "this is no moment of snapshot.debian.org: $snapshot" >&2; exit 2; }
epoch=$(date --date="$day" +%s)

docker buildx build "$(dirname "$0")" \
  --build-arg "BASE=$base" --build-arg "SNAPSHOT=$snapshot" --build-arg "SOURCE_DATE_EPOCH=$epoch" \
  --provenance=false --sbom=false --no-cache \
  --output "type=oci,dest=$out,rewrite-timestamp=true"
tar -xOf "$out" index.json | sed -n 's/.*"digest":"\(sha256:[0-9a-f]*\)".*/\1/p'
