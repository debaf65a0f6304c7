/** The values of Bitnami's chart of oauth2-proxy, whose `configuration` is what the official chart calls `config`. */
import { suggestion } from '../../../../../config/validate/problems.ts';
import { keyValue, readVariables, type Scope, variablesFrom } from '../cluster/container.ts';
import { mountedFiles, mountedKey } from '../cluster/mounts.ts';
import type { Gathered, Variable } from '../collected.ts';
import { readCommandLine, type Word } from '../command-line.ts';
import { readDocuments } from '../documents.ts';
import { readToml } from '../toml.ts';
import { unseenTemplate, unseenWord } from '../unknown-values.ts';
import {
  child,
  elements,
  expectedInstead,
  fields,
  isEmpty,
  isFalse,
  isTrue,
  listProblem,
  place,
  type Spot,
  scalarText,
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
export function readBitnamiValues(values: Spot, scope: Scope, gathered: Gathered): void {
  const configuration = child(values, 'configuration');
  for (const name of ['extraEnvVars', 'extraVolumeMounts', 'extraVolumes']) {
    const problem = listProblem(child(values, name), name);
    if (problem !== undefined) gathered.problems.push(problem);
  }
  // What is set by name wins over what a whole object sets.
  gathered.variables.push(
    ...(['extraEnvVarsCM', 'extraEnvVarsSecret'] as const).flatMap((name) =>
      allKeys(child(values, name), name, scope, gathered),
    ),
  );
  readCredentials(configuration, scope, gathered);
  gathered.variables.push(
    { ...sessionStore(values), isOfChart: true },
    ...readVariables(child(values, 'extraEnvVars'), scope, 'extraEnvVars').map((variable) => ({
      ...variable,
      value: unseenTemplate(variable.value),
    })),
  );
  mountEmails(child(configuration, 'authenticatedEmailsFile'), scope, gathered);
  gathered.mounts.push(
    mountedFiles(
      child(values, 'extraVolumeMounts'),
      child(values, 'extraVolumes'),
      scope.namespace,
      scope.objects,
    ),
  );
  const other = readWords(values, gathered);
  if (other === undefined) readContent(configuration, scope, gathered);
  else
    for (const name of ['content', 'existingConfigmap'])
      if (!isEmpty(child(configuration, name)))
        unused(child(configuration, name), `configuration.${name}`, other, gathered);
  for (const [name, spot] of fields(configuration)) {
    if (configurationNames.includes(name)) continue;
    const text = `it is not read: Bitnami's chart has no such value${suggestion(name, configurationNames)}`;
    gathered.findings.push({
      setting: `configuration.${name}`,
      source: place(spot),
      verdict: 'refused',
      text,
    });
  }
}

function readContent(configuration: Spot, { objects, namespace }: Scope, gathered: Gathered): void {
  const [existing, content] = [child(configuration, 'existingConfigmap'), child(configuration, 'content')];
  const name = isEmpty(existing) ? undefined : scalarText(existing);
  if (name !== undefined) {
    const object = objects.named({ kind: 'ConfigMap', name, namespace });
    const held = object === undefined ? undefined : objects.take(object, 'oauth2_proxy.cfg')[0];
    if (held !== undefined) readToml({ text: held.text, name: `${held.source} ${held.key}` }, gathered);
    else {
      const text = `it names the ConfigMap ${name}, whose \`oauth2_proxy.cfg\` is not among the files; give that as well`;
      const setting = 'configuration.existingConfigmap';
      gathered.missing.push({
        kind: 'keys',
        finding: { setting, source: place(existing), verdict: 'refused', text },
      });
    }
    if (!isEmpty(content)) unused(content, 'configuration.content', 'existingConfigmap', gathered);
  } else if (typeof content.value === 'string' && content.value.trim() !== '')
    readToml(
      { text: content.value, name: `${place(content)} configuration.content`, isTemplated: true },
      gathered,
    );
  else if (!isEmpty(content))
    gathered.problems.push({
      path: 'configuration.content',
      source: place(content),
      message: 'expected a text, which is the configuration file',
    });
  else if (content.value === undefined) {
    // What its chart has by default.
    const preset = { source: "the chart's default", isOfChart: true };
    gathered.keys.push({ flag: 'email-domain', value: ['*'], ...preset });
    gathered.keys.push({ flag: 'upstream', value: ['file:///dev/null'], ...preset });
  }
}

const credentials = [
  ['clientID', 'client-id', 'OAUTH2_PROXY_CLIENT_ID'],
  ['clientSecret', 'client-secret', 'OAUTH2_PROXY_CLIENT_SECRET'],
  ['cookieSecret', 'cookie-secret', 'OAUTH2_PROXY_COOKIE_SECRET'],
] as const;

function readCredentials(configuration: Spot, scope: Scope, gathered: Gathered): void {
  const existing = child(configuration, 'existingSecret');
  const secret = isEmpty(existing) ? undefined : scalarText(existing);
  for (const [name, key, variable] of credentials) {
    const spot = child(configuration, name);
    const text = scalarText(spot);
    if (secret !== undefined) {
      const held = keyValue('Secret', { name: secret, key }, scope);
      const source = held?.source ?? `${place(existing)} configuration.existingSecret`;
      gathered.variables.push({ name: variable, value: held?.value ?? '', source });
      if (!isEmpty(spot)) unused(spot, `configuration.${name}`, 'existingSecret', gathered);
    } else if (!isEmpty(spot) && text === undefined) {
      const message = expectedInstead(spot, 'a text');
      gathered.problems.push({ path: `configuration.${name}`, source: place(spot), message });
    } else if (text !== undefined && text !== '' && !/^X+$/.test(text))
      gathered.variables.push({
        name: variable,
        value: unseenTemplate(text),
        source: `${place(spot)} configuration.${name}`,
      });
  }
}

function unused(spot: Spot, setting: string, by: string, { findings }: Gathered): void {
  const text = `Bitnami's chart does not use it beside \`${by}\``;
  findings.push({ setting, source: place(spot), verdict: 'meaningless', text });
}

/** Sessions are in the Redis that its chart brings along, unless that is switched off. */
function sessionStore(values: Spot): Variable {
  const [enabled, host] = [child(values, 'redis', 'enabled'), child(values, 'externalRedis', 'host')];
  const isRedis = !isFalse(enabled) || !isEmpty(host);
  const spot = isFalse(enabled) && isRedis ? host : enabled;
  return {
    name: 'OAUTH2_PROXY_SESSION_STORE_TYPE',
    value: isRedis ? 'redis' : 'cookie',
    source: `${place(spot)} ${isRedis && spot === host ? 'externalRedis.host' : 'redis.enabled'}`,
  };
}

function allKeys(spot: Spot, label: string, scope: Scope, gathered: Gathered): Variable[] {
  const name = isEmpty(spot) ? undefined : scalarText(spot);
  if (name === undefined) return [];
  const reference = label.endsWith('Secret') ? 'secretRef' : 'configMapRef';
  const entry: Spot = { ...spot, value: { [reference]: { name } }, path: [], placeOf: () => place(spot) };
  return variablesFrom(entry, scope, gathered);
}

function mountEmails(file: Spot, { objects, namespace }: Scope, gathered: Gathered): void {
  if (!isTrue(child(file, 'enabled'))) {
    if (!isEmpty(child(file, 'content')))
      unused(child(file, 'content'), 'configuration.authenticatedEmailsFile', 'enabled: false', gathered);
    return;
  }
  const [content, existing] = [child(file, 'content'), child(file, 'existingSecret')];
  const name = isEmpty(existing) ? undefined : scalarText(existing);
  if (name === undefined) {
    if (isEmpty(content)) return;
    if (typeof content.value !== 'string') {
      const message = expectedInstead(content, 'a text with an address in each line');
      const path = 'configuration.authenticatedEmailsFile.content';
      gathered.problems.push({ path, source: place(content), message });
      return;
    }
    const mounted = { text: content.value, name: `${place(content)} authenticatedEmailsFile.content` };
    gathered.mounts.push((path) => (path === emailsPath ? mounted : undefined));
    return;
  }
  gathered.mounts.push((path) =>
    path === emailsPath
      ? mountedKey({ kind: 'Secret', name, namespace }, 'authenticated-emails-list', objects)
      : undefined,
  );
  if (!isEmpty(content))
    unused(content, 'configuration.authenticatedEmailsFile.content', 'existingSecret', gathered);
}

/**
 * Reads the flags that its chart puts together; `args` takes the place of all of them.
 *
 * @returns what has oauth2-proxy read no configuration file of the chart; undefined where it reads that
 */
function readWords(values: Spot, gathered: Gathered): string | undefined {
  const configuration = child(values, 'configuration');
  const chart = (text: string): Word => ({ text, place: "the chart's default", isOfChart: true });
  const flag = (name: string, spot: Spot, label: string): Word[] => {
    const text = isEmpty(spot) ? undefined : scalarText(spot);
    return text === undefined
      ? []
      : [{ text: `--${name}=${unseenTemplate(text)}`, place: `${place(spot)} ${label}` }];
  };
  const switched = (name: string, spot: Spot, text: string): Word[] =>
    isTrue(child(spot, 'enabled'))
      ? [{ text: `--${name}=${text}`, place: `${place(spot)} configuration.${String(spot.path.at(-1))}` }]
      : [];
  const google = child(configuration, 'google');
  const isGoogle = isTrue(child(google, 'enabled'));
  const groups = child(google, 'groups');
  const own = child(values, 'args');
  const command = child(values, 'command');
  if (!isEmpty(command)) {
    const message = 'it starts another program than oauth2-proxy; give the flags behind `--`';
    gathered.problems.push({ path: 'command', source: place(command), message });
  }
  if (!isEmpty(own)) {
    readCommandLine(expanded(listOfWords(own, 'args', gathered), gathered), gathered);
    return takeOwnFile(gathered) === 'own' ? undefined : 'args';
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
    ...listOfWords(child(values, 'extraArgs'), 'extraArgs', gathered),
  ];
  readCommandLine(expanded(words, gathered), gathered);
  return takeOwnFile(gathered) === 'other' ? 'extraArgs' : undefined;
}

/** Whether the last `--config` names the chart's own file, which is then read as such, or another one. */
function takeOwnFile({ namedFiles }: Gathered): 'own' | 'other' | 'none' {
  const configs = namedFiles.filter(({ flag }) => flag === 'config');
  const last = configs.at(-1);
  if (last === undefined) return 'none';
  if (last.path !== configPath) return 'other';
  namedFiles.splice(0, namedFiles.length, ...namedFiles.filter(({ flag }) => flag !== 'config'));
  return 'own';
}

/** A list, or text that is one once it is rendered. */
function listOfWords(spot: Spot, label: string, gathered: Gathered): Word[] {
  if (isEmpty(spot)) return [];
  const words = (list: Spot, at: (entry: Spot) => string) =>
    elements(list).flatMap((entry): Word[] => {
      const text = scalarText(entry);
      if (text !== undefined) return [{ text: unseenWord(text), place: `${at(entry)} ${label}` }];
      const message = 'expected a flag, such as `--provider=oidc`';
      gathered.problems.push({ path: label, source: at(entry), message });
      return [];
    });
  if (Array.isArray(spot.value)) return words(spot, place);
  if (typeof spot.value === 'string') {
    const [document] = readDocuments(spot.value, place(spot));
    if (document !== undefined && Array.isArray(document.value)) return words(document, () => place(spot));
  }
  const message = "expected a list of flags, as Bitnami's chart takes them";
  gathered.problems.push({ path: label, source: place(spot), message });
  return [];
}
