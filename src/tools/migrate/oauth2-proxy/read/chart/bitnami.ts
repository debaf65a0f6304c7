/** The values of Bitnami's chart of oauth2-proxy, whose `configuration` is what the official chart calls `config`. */
import { suggestion } from '../../../../../config/validate/problems.ts';
import { keyValue, readVariables, type Scope, variablesFrom } from '../cluster/container.ts';
import { mountedFiles, mountedKey } from '../cluster/mounts.ts';
import type { Collected, Variable } from '../collected.ts';
import { readCommandLine, type Word } from '../command-line.ts';
import { readDocuments } from '../documents.ts';
import { readToml } from '../toml.ts';
import { markTemplate, markTemplateInFlag } from '../unknown-values.ts';
import {
  child,
  elements,
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
import { expanded } from './helm-arguments.ts';

const configurationNames = [
  ...['authenticatedEmailsFile', 'clientID', 'clientSecret', 'content', 'cookieSecret', 'existingConfigmap'],
  ...['existingSecret', 'google', 'htpasswdFile', 'oidcIssuerUrl', 'redirectUrl', 'whiteList'],
];

/** Where its chart mounts the configuration file. */
const configPath = '/bitnami/oauth2-proxy/conf/oauth2_proxy.cfg';
const emailsPath = '/bitnami/oauth2-proxy/conf/authenticated-emails/authenticated-emails-list';

/** Reads the values of Bitnami's chart; those that are no settings are judged elsewhere. */
export function readBitnamiValues(values: YamlNode, scope: Scope, collected: Collected): void {
  const configuration = child(values, 'configuration');
  for (const name of ['extraEnvVars', 'extraVolumeMounts', 'extraVolumes']) {
    const problem = listProblem(child(values, name), name);
    if (problem !== undefined) collected.problems.push(problem);
  }
  // What is set by name wins over what a whole object sets.
  collected.variables.push(
    ...(['extraEnvVarsCM', 'extraEnvVarsSecret'] as const).flatMap((name) =>
      allKeys(child(values, name), name, scope, collected),
    ),
  );
  readCredentials(configuration, scope, collected);
  collected.variables.push(
    { ...sessionStore(values), isOfChart: true },
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
  const other = readWords(values, collected);
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
      const text = `it names the ConfigMap ${name}, whose \`oauth2_proxy.cfg\` is not among the files; give that as well`;
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
      message: 'expected a text, which is the configuration file',
    });
  else if (content.value === undefined) {
    // What its chart has by default.
    const preset = { source: "the chart's default", isOfChart: true };
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
  const text = `Bitnami's chart does not use it beside \`${by}\``;
  findings.push({ setting, source: locationOf(node), verdict: 'meaningless', text });
}

/** Sessions are in the Redis that its chart brings along, unless that is switched off. */
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
      const message = expectedInstead(content, 'a text with an address in each line');
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

/**
 * Reads the flags that its chart puts together; `args` takes the place of all of them.
 *
 * @returns what has oauth2-proxy read no configuration file of the chart; undefined where it reads that
 */
function readWords(values: YamlNode, collected: Collected): string | undefined {
  const configuration = child(values, 'configuration');
  const chart = (text: string): Word => ({ text, location: "the chart's default", isOfChart: true });
  const flag = (name: string, node: YamlNode, label: string): Word[] => {
    const text = isEmpty(node) ? undefined : scalarText(node);
    return text === undefined
      ? []
      : [{ text: `--${name}=${markTemplate(text)}`, location: `${locationOf(node)} ${label}` }];
  };
  const switched = (name: string, node: YamlNode, text: string): Word[] =>
    isTrue(child(node, 'enabled'))
      ? [
          {
            text: `--${name}=${text}`,
            location: `${locationOf(node)} configuration.${String(node.path.at(-1))}`,
          },
        ]
      : [];
  const google = child(configuration, 'google');
  const isGoogle = isTrue(child(google, 'enabled'));
  const groups = child(google, 'groups');
  const own = child(values, 'args');
  const command = child(values, 'command');
  if (!isEmpty(command)) {
    const message = 'it starts another program than oauth2-proxy; give the flags behind `--`';
    collected.problems.push({ path: 'command', source: locationOf(command), message });
  }
  if (!isEmpty(own)) {
    readCommandLine(expanded(listOfWords(own, 'args', collected), collected), collected);
    return takeOwnFile(collected) === 'own' ? undefined : 'args';
  }
  const words = [
    chart('--http-address=0.0.0.0:4180'),
    ...switched('authenticated-emails-file', child(configuration, 'authenticatedEmailsFile'), emailsPath),
    ...(isGoogle
      ? [
          ...flag('google-admin-email', child(google, 'adminEmail'), 'configuration.google.adminEmail'),
          ...(Array.isArray(groups.value) ? elements(groups) : [child(google, 'googleGroup')]).flatMap(
            (group) => flag('google-group', group, 'configuration.google.groups'),
          ),
        ]
      : []),
    ...switched(
      'htpasswd-file',
      child(configuration, 'htpasswdFile'),
      '/bitnami/oauth2-proxy/conf/htpasswd/users.txt',
    ),
    ...flag('redirect-url', child(configuration, 'redirectUrl'), 'configuration.redirectUrl'),
    ...flag('oidc-issuer-url', child(configuration, 'oidcIssuerUrl'), 'configuration.oidcIssuerUrl'),
    ...flag('whitelist-domain', child(configuration, 'whiteList'), 'configuration.whiteList'),
    ...listOfWords(child(values, 'extraArgs'), 'extraArgs', collected),
  ];
  readCommandLine(expanded(words, collected), collected);
  return takeOwnFile(collected) === 'other' ? 'extraArgs' : undefined;
}

/** Whether the last `--config` names the chart's own file, which is then read as such, or another one. */
function takeOwnFile({ namedFiles }: Collected): 'own' | 'other' | 'none' {
  const configs = namedFiles.filter(({ flag }) => flag === 'config');
  const last = configs.at(-1);
  if (last === undefined) return 'none';
  if (last.path !== configPath) return 'other';
  namedFiles.splice(0, namedFiles.length, ...namedFiles.filter(({ flag }) => flag !== 'config'));
  return 'own';
}

/** A list, or text that is one once it is rendered. */
function listOfWords(node: YamlNode, label: string, collected: Collected): Word[] {
  if (isEmpty(node)) return [];
  const words = (list: YamlNode, at: (entry: YamlNode) => string) =>
    elements(list).flatMap((entry): Word[] => {
      const text = scalarText(entry);
      if (text !== undefined) return [{ text: markTemplateInFlag(text), location: `${at(entry)} ${label}` }];
      const message = 'expected a flag, such as `--provider=oidc`';
      collected.problems.push({ path: label, source: at(entry), message });
      return [];
    });
  if (Array.isArray(node.value)) return words(node, locationOf);
  if (typeof node.value === 'string') {
    const [document] = readDocuments(node.value, locationOf(node));
    if (document !== undefined && Array.isArray(document.value))
      return words(document, () => locationOf(node));
  }
  const message = "expected a list of flags, as Bitnami's chart takes them";
  collected.problems.push({ path: label, source: locationOf(node), message });
  return [];
}
