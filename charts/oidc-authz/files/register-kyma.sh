# Puts the authorizer into Kyma's Istio resource: appends it, or replaces the entry of that name. Other entries stay.
# kubectl finds the entry, so the shell never reads a name that others chose. The patch tests what was found: if somebody
# changes the resource in between, the server refuses the patch, and nothing changes.
set -eu
fail() { echo "not registered: $1" >&2 && exit 1; }
case $name in
  '' | -* | *- | *[!-a-z0-9]*) fail "'$name' is not a DNS label; set authorizer.name to small letters, digits and hyphens" ;;
esac
istio() {
  verb=$1
  shift
  kubectl --namespace kyma-system "$verb" istios.operator.kyma-project.io default "$@"
}

# The version, how much of spec.config.authorizers is there, and the places of the entries that have the name.
ours="{{range \$place, \$one := .}}{{if eq (print .name) \"$name\"}} {{\$place}}{{end}}{{end}}"
there="{{with .spec}}{{with .config}}{{with .authorizers}}list$ours{{else}}config{{end}}{{else}}spec{{end}}{{else}}none{{end}}"
found=$(istio get --output "go-template={{.metadata.resourceVersion}} $there")
version=${found%% *}
there=${found#* }

same='{"op":"test","path":"/metadata/resourceVersion","value":"'$version'"}'
list=/spec/config/authorizers
case $there in
  none) change='{"op":"add","path":"/spec","value":{"config":{"authorizers":['$entry']}}}' ;;
  spec) change='{"op":"add","path":"/spec/config","value":{"authorizers":['$entry']}}' ;;
  config) change='{"op":"add","path":"'$list'","value":['$entry']}' ;;
  list) change='{"op":"add","path":"'$list'/-","value":'$entry'}' ;;
  'list '*' '*) fail "several entries have the name $name, and Kyma takes none of them; remove all but one" ;;
  'list '*)
    place=${there#list }
    same=$same',{"op":"test","path":"'$list/$place'/name","value":"'$name'"}'
    change='{"op":"replace","path":"'$list/$place'","value":'$entry'}'
    ;;
  *) fail "kubectl answered '$found'" ;;
esac
istio patch --type json --patch "[$same,$change]" ||
  fail "the Istio resource is as it was; if somebody changed it at the same time, register again"
