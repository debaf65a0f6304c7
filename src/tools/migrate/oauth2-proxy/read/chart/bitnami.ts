/**
 * Reads the values of Bitnami's chart of oauth2-proxy. Its `configuration` corresponds to `config` of the official
 * chart.
 */
import { suggestion } from '../../../../../config/validate/problems.ts';
import { keyValue, readVariables, type Scope, variablesFrom } from '../cluster/container.ts';
import { mountedFiles, mountedKey } from '../cluster/mounts.ts';
import type { Collected, Variable } from '../collected.ts';
import { readToml } from '../toml.ts';
import { markTemplate } from '../unknown-values.ts';
import {
  child,
  expectedInstead,
  fields,
  isEmpty,
  isFalse,
  isTrue,
  listProblem,
  locationOf,
  scalarText,
  type YamlNode,
} from '../yaml-node.ts';
import { emailsPath, readBitnamiArguments } from './bitnami-arguments.ts';

const configurationNames = [
  ...['authenticatedEmailsFile', 'clientID', 'clientSecret', 'content', 'cookieSecret', 'existingConfigmap'],
  ...['existingSecret', 'google', 'htpasswdFile', 'oidcIssuerUrl', 'redirectUrl', 'whiteList'],
];

/** Reads the settings in the values of Bitnami's chart. Other values are judged in `chart-values.ts`. */
export function readBitnamiValues(values: YamlNode, scope: Scope, collected: Collected): void {
  const configuration = child(values, 'configuration');
  for (const name of ['extraEnvVars', 'extraVolumeMounts', 'extraVolumes']) {
    const problem = listProblem(child(values, name), name);
    if (problem !== undefined) collected.problems.push(problem);
  }
  // A variable by name wins over the variables of a whole object.
  collected.variables.push(
    ...(['extraEnvVarsCM', 'extraEnvVarsSecret'] as const).flatMap((name) =>
      allKeys(child(values, name), name, scope, collected),
    ),
  );
  readCredentials(configuration, scope, collected);
  collected.variables.push(
    { ...sessionStore(values), isChartDefault: true },
    ...readVariables(child(values, 'extraEnvVars'), scope, 'extraEnvVars').map((variable) => ({
      ...variable,
      value: markTemplate(variable.value),
    })),
  );
  mountEmails(child(configuration, 'authenticatedEmailsFile'), scope, collected);
  collected.mounts.push(
    mountedFiles(
      child(values, 'extraVolumeMounts'),
      child(values, 'extraVolumes'),
      scope.namespace,
      scope.objects,
    ),
  );
  const other = readBitnamiArguments(values, collected);
  if (other === undefined) readContent(configuration, scope, collected);
  else
    for (const name of ['content', 'existingConfigmap'])
      if (!isEmpty(child(configuration, name)))
        unused(child(configuration, name), `configuration.${name}`, other, collected);
  for (const [name, node] of fields(configuration)) {
    if (configurationNames.includes(name)) continue;
    const text = `it is not read: Bitnami's chart has no such value${suggestion(name, configurationNames)}`;
    collected.findings.push({
      setting: `configuration.${name}`,
      source: locationOf(node),
      verdict: 'refused',
      text,
    });
  }
}

function readContent(configuration: YamlNode, { objects, namespace }: Scope, collected: Collected): void {
  const [existing, content] = [child(configuration, 'existingConfigmap'), child(configuration, 'content')];
  const name = isEmpty(existing) ? undefined : scalarText(existing);
  if (name !== undefined) {
    const object = objects.named({ kind: 'ConfigMap', name, namespace });
    const objectText = object === undefined ? undefined : objects.readTexts(object, 'oauth2_proxy.cfg')[0];
    if (objectText !== undefined)
      readToml({ text: objectText.text, name: `${objectText.source} ${objectText.key}` }, collected);
    else {
      const text = `it names the ConfigMap ${name}, whose \`oauth2_proxy.cfg\` is not among the files; pass it as well`;
      const setting = 'configuration.existingConfigmap';
      collected.missing.push({
        kind: 'keys',
        finding: { setting, source: locationOf(existing), verdict: 'refused', text },
      });
    }
    if (!isEmpty(content)) unused(content, 'configuration.content', 'existingConfigmap', collected);
  } else if (typeof content.value === 'string' && content.value.trim() !== '')
    readToml(
      { text: content.value, name: `${locationOf(content)} configuration.content`, isTemplated: true },
      collected,
    );
  else if (!isEmpty(content))
    collected.problems.push({
      path: 'configuration.content',
      source: locationOf(content),
      message: 'expected a text with the content of the configuration file',
    });
  else if (content.value === undefined) {
    // The defaults of the chart.
    const preset = { source: "the chart's default", isChartDefault: true };
    collected.keys.push({ flag: 'email-domain', value: ['*'], ...preset });
    collected.keys.push({ flag: 'upstream', value: ['file:///dev/null'], ...preset });
  }
}

const credentials = [
  ['clientID', 'client-id', 'OAUTH2_PROXY_CLIENT_ID'],
  ['clientSecret', 'client-secret', 'OAUTH2_PROXY_CLIENT_SECRET'],
  ['cookieSecret', 'cookie-secret', 'OAUTH2_PROXY_COOKIE_SECRET'],
] as const;

function readCredentials(configuration: YamlNode, scope: Scope, collected: Collected): void {
  const existing = child(configuration, 'existingSecret');
  const secret = isEmpty(existing) ? undefined : scalarText(existing);
  for (const [name, key, variable] of credentials) {
    const node = child(configuration, name);
    const text = scalarText(node);
    if (secret !== undefined) {
      const objectText = keyValue('Secret', { name: secret, key }, scope);
      const source = objectText?.source ?? `${locationOf(existing)} configuration.existingSecret`;
      collected.variables.push({ name: variable, value: objectText?.value ?? '', source });
      if (!isEmpty(node)) unused(node, `configuration.${name}`, 'existingSecret', collected);
    } else if (!isEmpty(node) && text === undefined) {
      const message = expectedInstead(node, 'a text');
      collected.problems.push({ path: `configuration.${name}`, source: locationOf(node), message });
    } else if (text !== undefined && text !== '' && !/^X+$/.test(text))
      collected.variables.push({
        name: variable,
        value: markTemplate(text),
        source: `${locationOf(node)} configuration.${name}`,
      });
  }
}

function unused(node: YamlNode, setting: string, by: string, { findings }: Collected): void {
  const text = `Bitnami's chart ignores it with \`${by}\``;
  findings.push({ setting, source: locationOf(node), verdict: 'meaningless', text });
}

/** Bitnami's chart installs Redis for sessions, unless that is disabled. */
function sessionStore(values: YamlNode): Variable {
  const [enabled, host] = [child(values, 'redis', 'enabled'), child(values, 'externalRedis', 'host')];
  const isRedis = !isFalse(enabled) || !isEmpty(host);
  const node = isFalse(enabled) && isRedis ? host : enabled;
  return {
    name: 'OAUTH2_PROXY_SESSION_STORE_TYPE',
    value: isRedis ? 'redis' : 'cookie',
    source: `${locationOf(node)} ${isRedis && node === host ? 'externalRedis.host' : 'redis.enabled'}`,
  };
}

function allKeys(node: YamlNode, label: string, scope: Scope, collected: Collected): Variable[] {
  const name = isEmpty(node) ? undefined : scalarText(node);
  if (name === undefined) return [];
  const reference = label.endsWith('Secret') ? 'secretRef' : 'configMapRef';
  const entry: YamlNode = {
    ...node,
    value: { [reference]: { name } },
    path: [],
    locate: () => locationOf(node),
  };
  return variablesFrom(entry, scope, collected);
}

function mountEmails(file: YamlNode, { objects, namespace }: Scope, collected: Collected): void {
  if (!isTrue(child(file, 'enabled'))) {
    if (!isEmpty(child(file, 'content')))
      unused(child(file, 'content'), 'configuration.authenticatedEmailsFile', 'enabled: false', collected);
    return;
  }
  const [content, existing] = [child(file, 'content'), child(file, 'existingSecret')];
  const name = isEmpty(existing) ? undefined : scalarText(existing);
  if (name === undefined) {
    if (isEmpty(content)) return;
    if (typeof content.value !== 'string') {
      const message = expectedInstead(content, 'a text with one address per line');
      const path = 'configuration.authenticatedEmailsFile.content';
      collected.problems.push({ path, source: locationOf(content), message });
      return;
    }
    const mounted = { text: content.value, name: `${locationOf(content)} authenticatedEmailsFile.content` };
    collected.mounts.push((path) => (path === emailsPath ? mounted : undefined));
    return;
  }
  collected.mounts.push((path) =>
    path === emailsPath
      ? mountedKey({ kind: 'Secret', name, namespace }, 'authenticated-emails-list', objects)
      : undefined,
  );
  if (!isEmpty(content))
    unused(content, 'configuration.authenticatedEmailsFile.content', 'existingSecret', collected);
}
