# Puts the authorizer into Kyma's Istio resource: appends it, or replaces the entry of that name. Other entries stay.
# A change that somebody else makes in between is noticed, and nothing is patched then.
set -eu
istio() { kubectl --namespace kyma-system "$@"; }
version=$(istio get istio default --output jsonpath='{.metadata.resourceVersion}')
spec=$(istio get istio default --output jsonpath='{.spec}')
config=$(istio get istio default --output jsonpath='{.spec.config}')
names=$(istio get istio default --output jsonpath='{range .spec.config.authorizers[*]}{.name}{"\n"}{end}')
position=0 found=
for one in $names; do
  if [ "$one" = "$name" ]; then found=$position; fi
  position=$((position + 1))
done
if [ -n "$found" ]; then
  change='{"op":"replace","path":"/spec/config/authorizers/'$found'","value":'$entry'}'
elif [ "$position" -gt 0 ]; then
  change='{"op":"add","path":"/spec/config/authorizers/-","value":'$entry'}'
elif [ -n "$config" ]; then
  change='{"op":"add","path":"/spec/config/authorizers","value":['$entry']}'
elif [ -n "$spec" ]; then
  change='{"op":"add","path":"/spec/config","value":{"authorizers":['$entry']}}'
else
  change='{"op":"add","path":"/spec","value":{"config":{"authorizers":['$entry']}}}'
fi
unchanged='{"op":"test","path":"/metadata/resourceVersion","value":"'$version'"}'
istio patch istio default --type json --patch "[$unchanged,$change]"
