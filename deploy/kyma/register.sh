#!/bin/sh
# Rendered by `npm run generate` from deploy/oidc-authz.yaml. Do not edit.
name=oidc-authz
entry='{"name":"oidc-authz","service":"oidc-authz.oidc-authz.svc.cluster.local","port":8000,"timeout":"2s","headers":{"inCheck":{"include":["authorization","x-request-id"]},"toUpstream":{"onAllow":["x-auth-request-user","x-auth-request-email","x-auth-request-groups","x-auth-request-preferred-username"]},"toDownstream":{"onDeny":["www-authenticate","content-type","cache-control","retry-after","x-oidc-authz-decision"]}}}'
# Registers the authorizer in Kyma's Istio resource: appends its entry, or replaces the entry of the same name. Other
# entries do not change. kubectl finds the entry, so the shell never reads the names of other authorizers. The patch
# contains the resource version: if the resource changes at the same time, the server rejects the patch.
set -eu
fail() { echo "not registered: $1" >&2 && exit 1; }
case $name in
  '' | -* | *- | *[!-a-z0-9]*) fail "'$name' is not a DNS label; set authorizer.name to lowercase letters, digits and hyphens" ;;
esac
istio() {
  verb=$1
  shift
  kubectl --namespace kyma-system "$verb" istios.operator.kyma-project.io default "$@"
}

# kubectl prints the resource version, the deepest part of spec.config.authorizers that exists, and the indexes of the
# entries with this name.
indexes="{{range \$index, \$entry := .}}{{if eq (print .name) \"$name\"}} {{\$index}}{{end}}{{end}}"
deepest="{{with .spec}}{{with .config}}{{with .authorizers}}list$indexes{{else}}config{{end}}{{else}}spec{{end}}{{else}}none{{end}}"
state=$(istio get --output "go-template={{.metadata.resourceVersion}} $deepest")
version=${state%% *}
existing=${state#* }

tests='{"op":"test","path":"/metadata/resourceVersion","value":"'$version'"}'
list=/spec/config/authorizers
case $existing in
  none) change='{"op":"add","path":"/spec","value":{"config":{"authorizers":['$entry']}}}' ;;
  spec) change='{"op":"add","path":"/spec/config","value":{"authorizers":['$entry']}}' ;;
  config) change='{"op":"add","path":"'$list'","value":['$entry']}' ;;
  list) change='{"op":"add","path":"'$list'/-","value":'$entry'}' ;;
  'list '*' '*) fail "several entries have the name $name, and Kyma rejects them; remove all but one" ;;
  'list '*)
    index=${existing#list }
    tests=$tests',{"op":"test","path":"'$list/$index'/name","value":"'$name'"}'
    change='{"op":"replace","path":"'$list/$index'","value":'$entry'}'
    ;;
  *) fail "kubectl printed '$state', and the script expects a resource version and a state; check the Istio resource" ;;
esac
istio patch --type json --patch "[$tests,$change]" ||
  fail "the server rejected the patch, and the Istio resource did not change; if someone changed it at the same time, register again"
