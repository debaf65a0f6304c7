/** Reads the values of the official Helm chart of oauth2-proxy, as a file or as `helm get values` prints them. */
import { suggestion } from '../../../../../config/validate/problems.ts';
import type { Finding } from '../../../finding.ts';
import { readVariables, type Scope, variablesFrom } from '../cluster/container.ts';
import { mountedFiles, mountedKey } from '../cluster/mounts.ts';
import type { Collected, Variable } from '../collected.ts';
import { markTemplate } from '../unknown-values.ts';
import {
  child,
  elements,
  expectedInstead,
  fields,
  isEmpty,
  isTrue,
  listProblem,
  locationOf,
  scalarText,
  type YamlNode,
} from '../yaml-node.ts';
import { emailsPath, readChartArguments } from './helm-arguments.ts';
import { judgeOtherFiles, readChartAlpha, readCredentials, readMountedFile } from './helm-config.ts';

const emailNames = [
  'enabled',
  'persistence',
  'template',
  'restrictedUserAccessKey',
  'restricted_access',
  'annotations',
];

const alphaNames = [
  'annotations',
  'configData',
  'configFile',
  'enabled',
  'existingConfig',
  'existingSecret',
  'metricsConfigData',
  'serverConfigData',
];

/** The heading of `helm get values`. `COMPUTED` means that all defaults of the chart are included. */
const heading = /^(USER-SUPPLIED|COMPUTED) VALUES:/;

/** Removes the heading of `helm get values`, so line numbers stay correct. */
export function withoutHeading(text: string): { readonly text: string; readonly isComputed: boolean } {
  const [found, which] = heading.exec(text) ?? [];
  return { text: text.slice(found?.length ?? 0), isComputed: which === 'COMPUTED' };
}

/** Reads the settings in the values. Other values are judged in `chart-values.ts`. */
export function readHelmValues(values: YamlNode, scope: Scope, collected: Collected): void {
  const hasAlpha = isTrue(child(values, 'alphaConfig', 'enabled'));
  for (const name of ['envFrom', 'extraEnv', 'extraVolumeMounts', 'extraVolumes']) {
    const problem = listProblem(child(values, name), name);
    if (problem !== undefined) collected.problems.push(problem);
  }
  // A variable by name wins over the variables of a whole object.
  collected.variables.push(
    ...elements(child(values, 'envFrom')).flatMap((entry) => variablesFrom(entry, scope, collected)),
  );
  const ownFile = readMountedFile(values, hasAlpha, scope, collected);
  if (hasAlpha) readChartAlpha(values, locationOf({ ...values, path: [] }), scope, collected);
  readCredentials(values, scope, collected);
  collected.variables.push(...sessionStore(child(values, 'sessionStorage', 'type')));
  for (const [name, node] of fields(child(values, 'sessionStorage')))
    for (const [inner, below] of name === 'type' ? [] : fields(node))
      collected.findings.push({
        setting: `sessionStorage.${name}.${inner}`,
        source: locationOf(below),
        verdict: 'meaningless',
        text: 'the converted configuration has no sessions',
      });
  const extra = readVariables(child(values, 'extraEnv'), scope, 'extraEnv');
  collected.variables.push(
    ...extra.map((variable) => ({ ...variable, value: markTemplate(variable.value) })),
  );
  mountEmails(child(values, 'authenticatedEmailsFile'), scope, collected);
  const mounts = [child(values, 'extraVolumeMounts'), child(values, 'extraVolumes')] as const;
  collected.mounts.push(mountedFiles(...mounts, scope.namespace, scope.objects));
  readChartArguments(values, hasAlpha, collected);
  judgeOtherFiles(ownFile, collected);

  judgeHtpasswd(child(values, 'htpasswdFile'), collected);
  judgeAlphaNames(child(values, 'alphaConfig'), hasAlpha, collected);
}

/** Mounts the addresses from the values or from a named object. With a named object, the chart does not create one. */
function mountEmails(file: YamlNode, { objects, namespace }: Scope, collected: Collected): void {
  const [inline, template] = [child(file, 'restricted_access'), child(file, 'template')];
  if (!isTrue(child(file, 'enabled'))) {
    for (const [name, node] of fields(file))
      if (name !== 'enabled' && !isEmpty(node))
        collected.findings.push({
          setting: `authenticatedEmailsFile.${name}`,
          source: locationOf(node),
          verdict: 'meaningless',
          text: 'the chart of oauth2-proxy ignores it without `authenticatedEmailsFile.enabled: true`',
        });
    return;
  }
  for (const [name, node] of fields(file))
    if (!emailNames.includes(name))
      collected.findings.push(unknownValue(`authenticatedEmailsFile.${name}`, node, name, emailNames));
  if (!isEmpty(inline) && typeof inline.value !== 'string')
    collected.problems.push({
      path: 'authenticatedEmailsFile.restricted_access',
      source: locationOf(inline),
      message: expectedInstead(inline, 'a text with one address per line'),
    });
  const name = isEmpty(template) ? undefined : scalarText(template);
  const path = emailsPath(file);
  if (name === undefined) {
    if (typeof inline.value !== 'string' || inline.value === '') return;
    const mounted = {
      text: inline.value,
      name: `${locationOf(inline)} authenticatedEmailsFile.restricted_access`,
    };
    collected.mounts.push((requestedPath) => (requestedPath === path ? mounted : undefined));
    return;
  }
  if (!isEmpty(inline))
    collected.findings.push({
      setting: 'authenticatedEmailsFile.restricted_access',
      source: locationOf(inline),
      verdict: 'meaningless',
      text: 'the chart of oauth2-proxy ignores it with `authenticatedEmailsFile.template`',
    });
  const kind = child(file, 'persistence').value === 'secret' ? 'Secret' : 'ConfigMap';
  const key = scalarText(child(file, 'restrictedUserAccessKey')) || 'restricted_user_access';
  collected.mounts.push((requestedPath) =>
    requestedPath === path ? mountedKey({ kind, name, namespace }, key, objects) : undefined,
  );
}

/** The finding for an unknown value, which may be meant to restrict access. */
function unknownValue(setting: string, node: YamlNode, name: string, known: readonly string[]): Finding {
  const text = `it is not read: the chart of oauth2-proxy has no such value${suggestion(name, known)}`;
  return { setting, source: locationOf(node), verdict: 'refused', text };
}

function sessionStore(type: YamlNode): Variable[] {
  const value = scalarText(type);
  if (value === undefined || value === '' || value === 'cookie') return [];
  return [
    { name: 'OAUTH2_PROXY_SESSION_STORE_TYPE', value, source: `${locationOf(type)} sessionStorage.type` },
  ];
}

function judgeHtpasswd(file: YamlNode, { findings }: Collected): void {
  if (!isTrue(child(file, 'enabled'))) {
    const text = 'it is off';
    if (!isEmpty(file))
      findings.push({ setting: 'htpasswdFile', source: locationOf(file), verdict: 'meaningless', text });
    return;
  }
  const text = 'it allows users with a password, and oidc-authz allows only tokens';
  findings.push({
    setting: 'htpasswd-file',
    source: `${locationOf(file)} htpasswdFile`,
    verdict: 'refused',
    text,
  });
}

function judgeAlphaNames(alpha: YamlNode, hasAlpha: boolean, { findings }: Collected): void {
  for (const [name, node] of fields(alpha)) {
    const setting = `alphaConfig.${name}`;
    if (!alphaNames.includes(name)) {
      findings.push(unknownValue(setting, node, name, alphaNames));
    } else if (!hasAlpha && name !== 'annotations' && !isEmpty(node)) {
      const text = 'the chart of oauth2-proxy ignores it without `alphaConfig.enabled: true`';
      findings.push({ setting, source: locationOf(node), verdict: 'meaningless', text });
    }
  }
}
