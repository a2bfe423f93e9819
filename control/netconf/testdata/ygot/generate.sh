#!/usr/bin/env bash
# Generates interfaces.go with ygot from the recorded modules.
set -euo pipefail
cd "$(dirname "$0")"
modules=../../../../fixtures/network/netconf/modules
go run github.com/openconfig/ygot/generator -path="$modules" -output_file=interfaces.go -package_name=main \
  -generate_fakeroot -fakeroot_name=device -generate_simple_unions -yangpresence -shorten_enum_leaf_names \
  "$modules"/ietf-interfaces@2014-05-08.yang "$modules"/ietf-ip@2014-06-16.yang "$modules"/iana-if-type@2014-05-08.yang
sed -i -E 's#/[^ ]*/(github.com/openconfig/ygot)@v[0-9.]+/[^ ]*go#\1/generator#' interfaces.go
gofmt -w interfaces.go
