/** The shell commands of the plan. They read all names from the cluster. */

import type { InstallationNames } from '../read/cluster/installation-names.ts';

/** The values file that the plan extracts from itself. An existing `values.yaml` is not changed, because a rollback needs it. */
export const valuesFile = 'values.oidc-authz.yaml';

/** The values file with `shadow`. */
export const shadowFile = 'values.oidc-authz.shadow.yaml';

/** The mark before a code block that is a file. */
export function fileMark(file: string): string {
  return `<!-- ${file} -->`;
}

/** Extracts the files from the plan. */
export const extractFiles = `for file in ${valuesFile} ${shadowFile}; do
  awk -v mark="<!-- $file -->" '$0 == mark { found = 1; next } found && /^\`\`\`/ { if (open) exit; open = 1; next } open' plan.md > "$file"
done`;

const mesh =
  'kubectl get apirules.gateway.kyma-project.io --all-namespaces --output yaml > apirules.before.yaml';

/** Saves the current state: the values of a release, and the objects that Helm alone does not restore. */
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

/** Restores the saved state after the removal. */
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

/** Removes the installation. */
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

/** Whether a controller installs the release for an object, so Helm must not uninstall it. */
function isRelease(resource: string): boolean {
  return /^helm(release|chart)\./.test(resource);
}

/** The namespace option, if the namespace is known. */
export function option(namespace: string | undefined): string {
  return namespace === undefined ? '' : ` --namespace ${namespace}`;
}

/** The usual names, for files that do not contain any. */
export const defaultNames: InstallationNames = {
  resource: '',
  resourceNamespace: 'oauth2-proxy',
  namespace: 'oauth2-proxy',
  release: 'oauth2-proxy',
  service: 'oauth2-proxy',
};

/** One patch for each object with all its changes. It ends with a test operation, so there is no trailing comma. */
const apiRules =
  '{{range .items}}{{.metadata.namespace}} {{.metadata.name}} [' +
  '{{range $i, $rule := .spec.rules}}{{with $rule.extAuth}}{{range $j, $name := .authorizers}}{{if eq $name "FROM"}}' +
  '{"op":"replace","path":"/spec/rules/{{$i}}/extAuth/authorizers/{{$j}}","value":"TO"},' +
  '{{end}}{{end}}{{end}}{{end}}{"op":"test","path":"/kind","value":"APIRule"}]{{"\\n"}}{{end}}';

/** AuthorizationPolicies without an owner; an APIRule updates its own. */
const policy =
  '{{range .items}}{{if not .metadata.ownerReferences}}{{.metadata.namespace}} {{.metadata.name}} [' +
  '{{with .spec.provider}}{{if eq .name "FROM"}}{"op":"replace","path":"/spec/provider/name","value":"TO"},{{end}}{{end}}' +
  '{"op":"test","path":"/kind","value":"AuthorizationPolicy"}]{{"\\n"}}{{end}}{{end}}';

/**
 * A script that points all rules of all APIRules, and all your AuthorizationPolicies, from one authorizer to another.
 * Each object changes at once, so it never names both.
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

/** Removes the entry of oauth2-proxy from the Istio resource, at any position in the list. */
export const removeEntry = `index=$(kubectl --namespace kyma-system get istio default --output go-template='{{range $i, $entry := .spec.config.authorizers}}{{if eq $entry.name "oauth2-proxy"}}{{$i}}{{end}}{{end}}')
kubectl --namespace kyma-system patch istio default --type json --patch "[{\\"op\\":\\"test\\",\\"path\\":\\"/spec/config/authorizers/$index/name\\",\\"value\\":\\"oauth2-proxy\\"},{\\"op\\":\\"remove\\",\\"path\\":\\"/spec/config/authorizers/$index\\"}]"`;
