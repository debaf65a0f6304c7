/** Finds the settings of a fixture without the code under test, so both cannot miss the same one. */
import { parse as parseToml } from 'smol-toml';
import { parseAllDocuments } from 'yaml';

type Tree = Readonly<Record<string, unknown>>;

/** A setting, by any name that a report may use for it. */
export type Setting = readonly string[];

/** Values of the chart that affect neither access nor where pods run. */
const silent = ['metrics'];

/** The flags for values of the chart. */
const chartFlags: Readonly<Record<string, string>> = {
  clientID: 'client-id',
  clientSecret: 'client-secret',
  cookieSecret: 'cookie-secret',
  cookieName: 'cookie-name',
  emailDomains: 'email-domain',
  upstreams: 'upstream',
};

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const below = (tree: unknown, name: string): unknown => (isTree(tree) ? tree[name] : undefined);
const entriesOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const namesOf = (tree: unknown): readonly string[] => (isTree(tree) ? Object.keys(tree) : []);

/** The flag of a key or variable, which is usually the plural of the flag. */
function ofKey(key: string): Setting {
  const flag = key.toLowerCase().replaceAll('_', '-');
  return flag.endsWith('s') ? [flag, flag.slice(0, -1)] : [flag];
}

/** The settings of one file. */
export function settingsIn(name: string, text: string): readonly Setting[] {
  if (name.endsWith('.cfg')) return ofToml(text);
  if (name.endsWith('.env')) return ofVariables(text);
  const documents = parseAllDocuments(text.replace(/^USER-SUPPLIED VALUES:/, '')).map(
    (document) => document.toJS() as Tree,
  );
  return documents.flatMap((document) => {
    if ('kind' in document) return ofObject(document);
    return 'providers' in document ? ofAlpha(document, '') : ofValues(document);
  });
}

/** The settings of a command line. */
export function settingsOfFlags(words: readonly unknown[]): readonly Setting[] {
  return words.flatMap((word) => {
    const [, name] = /^--([^=]+)/.exec(String(word)) ?? [];
    return name === undefined || name === 'config' || name === 'alpha-config' ? [] : [[name]];
  });
}

function ofToml(text: string): readonly Setting[] {
  return Object.keys(parseToml(text)).map(ofKey);
}

function ofVariables(text: string): readonly Setting[] {
  return [...text.matchAll(/^(?:export )?OAUTH2_PROXY_(\w+)=\S/gm)].map(([, key = '']) => ofKey(key));
}

function ofEnvironment(list: unknown): readonly Setting[] {
  return entriesOf(list).flatMap((entry) => {
    const [, key] = /^OAUTH2_PROXY_(\w+)$/.exec(String(below(entry, 'name'))) ?? [];
    return key === undefined ? [] : [ofKey(key)];
  });
}

function ofObject(object: Tree): readonly Setting[] {
  if (object.kind === 'List') return entriesOf(object.items).flatMap((item) => ofObject(item as Tree));
  if (object.kind === 'ConfigMap')
    return Object.values(object.data as Tree).flatMap((text) => ofToml(String(text)));
  if (object.kind === 'Secret')
    return [...namesOf(object.data), ...namesOf(object.stringData)].map((key) => [key]);
  const [container] = entriesOf(below(below(below(object.spec, 'template'), 'spec'), 'containers'));
  return [...settingsOfFlags(entriesOf(below(container, 'args'))), ...ofEnvironment(below(container, 'env'))];
}

function ofValues(document: Tree): readonly Setting[] {
  const values = isTree(document['oauth2-proxy']) ? document['oauth2-proxy'] : document;
  const { config, extraArgs, extraEnv, alphaConfig, authenticatedEmailsFile, ...others } = values;
  const hasAlpha = isTree(alphaConfig);
  const { configFile, existingSecret: _, google, ...ofConfig } = (config ?? {}) as Tree;
  const { sessionStorage, htpasswdFile, ...rest } = others;
  return [
    ...Object.entries(ofConfig).flatMap(([name, value]) => {
      const isUnused = value === '' || (hasAlpha && name === 'clientID') || name === 'clientSecret';
      return isUnused && (value === '' || hasAlpha) ? [] : [[chartFlags[name] ?? name]];
    }),
    ...(typeof configFile === 'string' ? ofToml(configFile) : []),
    ...(isTree(google) ? [['google-admin-email'], ['google-service-account-json'], ['google-group']] : []),
    ...(Array.isArray(extraArgs) ? settingsOfFlags(extraArgs) : namesOf(extraArgs).map((name) => [name])),
    ...ofEnvironment(extraEnv),
    ...(isTree(alphaConfig) ? ofAlpha(alphaConfig.configData as Tree, '') : []),
    ...(isTree(authenticatedEmailsFile) ? [['authenticated-emails-file']] : []),
    ...(isTree(sessionStorage) ? [['session-store-type']] : []),
    ...(isTree(htpasswdFile) ? [['htpasswd-file']] : []),
    ...namesOf(rest)
      .filter((name) => !silent.includes(name) && below(rest[name], 'enabled') !== false)
      .map((name) => [name]),
  ];
}

/** The fields of an alpha configuration. A list of texts is one field, and so is each header. */
function ofAlpha(value: unknown, path: string): readonly Setting[] {
  if (/^injectResponseHeaders\[\d+\]$/.test(path) || path === 'upstreamConfig.upstreams') return [[path]];
  if (path.endsWith('.id')) return [];
  if (isTree(value))
    return Object.entries(value).flatMap(([name, inner]) =>
      ofAlpha(inner, path === '' ? name : `${path}.${name}`),
    );
  return Array.isArray(value) && value.some(isTree)
    ? value.flatMap((inner, index) => ofAlpha(inner, `${path}[${index}]`))
    : [[path]];
}

/** Whether a line of a report is about a setting. */
export function isAbout(line: string, setting: Setting): boolean {
  return setting.some((name) => line.startsWith(`${name} (`) || line.includes(` ${name}): `));
}
