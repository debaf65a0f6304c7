/** The shell of the plan: what reads the cluster itself, so that nothing has to be put in by hand. */

import type { InstallationNames } from '../read/cluster/installation-names.ts';

/** The file of values that the plan has taken out of itself; a `values.yaml` that is there is the way back, and stays. */
export const valuesFile = 'values.oidc-authz.yaml';

/** The same with the shadow. */
export const shadowFile = 'values.oidc-authz.shadow.yaml';

/** Stands before the block that is a file. */
export function fileMark(file: string): string {
  return `<!-- ${file} -->`;
}

/** Takes the files out of the plan. */
export const extractFiles = `for file in ${valuesFile} ${shadowFile}; do
  awk -v mark="<!-- $file -->" '$0 == mark { found = 1; next } found && /^\`\`\`/ { if (open) exit; open = 1; next } open' plan.md > "$file"
done`;

const mesh =
  'kubectl get apirules.gateway.kyma-project.io --all-namespaces --output yaml > apirules.before.yaml';

/** Keeps what is there today: the values of a release, and the objects where Helm alone does not bring them back. */
export function backupCommands(names: InstallationNames): string {
  const { resource, resourceNamespace, namespace, release } = names;
  const values = `helm${option(namespace)} get values ${release} --output yaml > values.oauth2-proxy.yaml`;
  if (resource === '') return `${values}\n${mesh}`;
  const object = `kubectl${option(resourceNamespace)} get ${resource} --output yaml`;
  const isMadeByHelm = release !== undefined && !isRelease(resource);
  if (isMadeByHelm) return `${values}\n${mesh}`;
  const others = `kubectl${option(namespace)} get services,configmaps,secrets --output yaml`;
  const lines = [`{ ${object}; echo ---; ${others}; } > before.yaml`, 'chmod go= before.yaml', mesh];
  return (release === undefined ? lines : [values, ...lines]).join('\n');
}

/** How what was kept comes back once it is removed. */
export function restoreCommand({
  resource,
  resourceNamespace,
  namespace,
  release,
}: InstallationNames): string {
  if (resource === '' || (release !== undefined && !isRelease(resource)))
    return `helm${option(namespace)} install ${release} CHART --values values.oauth2-proxy.yaml`;
  return `kubectl${option(resourceNamespace)} apply --filename before.yaml`;
}

/** Removes it. */
export function removeCommand({
  resource,
  resourceNamespace,
  namespace,
  release,
}: InstallationNames): string {
  return resource === '' || (release !== undefined && !isRelease(resource))
    ? `helm${option(namespace)} uninstall ${release}`
    : `kubectl${option(resourceNamespace)} delete ${resource}`;
}

/** Whether an object has a controller install the release, so that Helm must not be asked. */
function isRelease(resource: string): boolean {
  return /^helm(release|chart)\./.test(resource);
}

/** The option that names a namespace, where one is known. */
export function option(namespace: string | undefined): string {
  return namespace === undefined ? '' : ` --namespace ${namespace}`;
}

/** What it is usually called, where the files do not say. */
export const defaultNames: InstallationNames = {
  resource: '',
  resourceNamespace: 'oauth2-proxy',
  namespace: 'oauth2-proxy',
  release: 'oauth2-proxy',
  service: 'oauth2-proxy',
};

/** One patch for each object, of all its places at once; it ends with a test, so that there is no comma too many. */
const apiRules =
  '{{range .items}}{{.metadata.namespace}} {{.metadata.name}} [' +
  '{{range $i, $rule := .spec.rules}}{{with $rule.extAuth}}{{range $j, $name := .authorizers}}{{if eq $name "FROM"}}' +
  '{"op":"replace","path":"/spec/rules/{{$i}}/extAuth/authorizers/{{$j}}","value":"TO"},' +
  '{{end}}{{end}}{{end}}{{end}}{"op":"test","path":"/kind","value":"APIRule"}]{{"\\n"}}{{end}}';

/** Those that an APIRule makes follow it. */
const policy =
  '{{range .items}}{{if not .metadata.ownerReferences}}{{.metadata.namespace}} {{.metadata.name}} [' +
  '{{with .spec.provider}}{{if eq .name "FROM"}}{"op":"replace","path":"/spec/provider/name","value":"TO"},{{end}}{{end}}' +
  '{"op":"test","path":"/kind","value":"AuthorizationPolicy"}]{{"\\n"}}{{end}}{{end}}';

/**
 * A script that points every rule of every APIRule, and every AuthorizationPolicy of one's own, from one authorizer to another.
 * Each object changes at once: never are both named.
 */
export const pointScript = `cat > point-authorizer.sh <<'SCRIPT'
# usage: sh point-authorizer.sh FROM TO [NAMESPACE]
set -eu
from=$1 to=$2
if [ "\${3:-}" = "" ]; then where=--all-namespaces; else where="--namespace=$3"; fi
point() {
  template=$(printf %s "$2" | sed "s/FROM/$from/; s/TO/$to/")
  kubectl get "$1" "$where" --output go-template="$template" | while read -r namespace name patch; do
    case $patch in
      *'"replace"'*) kubectl --namespace "$namespace" patch "$1" "$name" --type json --patch "$patch" < /dev/null ;;
    esac
  done
}
point apirules.gateway.kyma-project.io '${apiRules}'
point authorizationpolicies.security.istio.io '${policy}'
SCRIPT`;

/** Takes the entry of oauth2-proxy out of the Istio resource, wherever in the list it is. */
export const removeEntry = `index=$(kubectl --namespace kyma-system get istio default --output go-template='{{range $i, $entry := .spec.config.authorizers}}{{if eq $entry.name "oauth2-proxy"}}{{$i}}{{end}}{{end}}')
kubectl --namespace kyma-system patch istio default --type json --patch "[{\\"op\\":\\"test\\",\\"path\\":\\"/spec/config/authorizers/$index/name\\",\\"value\\":\\"oauth2-proxy\\"},{\\"op\\":\\"remove\\",\\"path\\":\\"/spec/config/authorizers/$index\\"}]"`;
