/** Reads `config` and `alphaConfig` of the official chart: credentials and configuration files. */

import { suggestion } from '../../../../../config/validate/problems.ts';
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { ObjectText } from '../cluster/cluster-objects.ts';
import { keyValue, type Scope } from '../cluster/container.ts';
import type { Collected } from '../collected.ts';
import { readToml } from '../toml.ts';
import { markTemplate } from '../unknown-values.ts';
import {
  child,
  elements,
  expectedInstead,
  fields,
  isEmpty,
  isFalse,
  locationOf,
  scalarText,
  type YamlNode,
} from '../yaml-node.ts';

const credentials = [
  { name: 'clientID', key: 'client-id', variable: 'OAUTH2_PROXY_CLIENT_ID' },
  { name: 'clientSecret', key: 'client-secret', variable: 'OAUTH2_PROXY_CLIENT_SECRET' },
  { name: 'cookieSecret', key: 'cookie-secret', variable: 'OAUTH2_PROXY_COOKIE_SECRET' },
];

const configNames = [
  'annotations',
  'clientID',
  'clientSecret',
  'configFile',
  'cookieName',
  'cookieSecret',
  'emailDomains',
  'existingConfig',
  'existingSecret',
  'forceLegacyConfig',
  'google',
  'requiredSecretKeys',
  'upstreams',
];

/** Reads the three credentials, which the chart passes as variables. */
export function readCredentials(values: YamlNode, scope: Scope, collected: Collected): void {
  const { variables, findings, problems } = collected;
  const config = child(values, 'config');
  const required = child(config, 'requiredSecretKeys').value;
  const existing = child(config, 'existingSecret');
  const secret = isEmpty(existing) ? undefined : (scalarText(existing) ?? '');
  const areVariables = !isFalse(child(values, 'proxyVarsAsSecrets'));
  const isRequired = (key: string) => areVariables && (!Array.isArray(required) || required.includes(key));
  for (const { name, key, variable } of credentials) {
    const node = child(config, name);
    const text = scalarText(node);
    if (secret !== undefined && isRequired(key)) {
      const objectText = secret.includes('{{')
        ? { value: markTemplate(secret) }
        : keyValue('Secret', { name: secret, key }, scope);
      const source =
        (objectText !== undefined && 'source' in objectText ? objectText.source : undefined) ??
        `${locationOf(existing)} config.existingSecret`;
      variables.push({ name: variable, value: objectText?.value ?? '', source });
    }
    // The default of the chart is a placeholder: a text of the letter X.
    if (isEmpty(node) || (text !== undefined && /^X+$/.test(text))) {
      const shadowed = variables.findLast((one) => one.name === variable);
      if (secret === undefined && isRequired(key) && shadowed !== undefined && name === 'clientID')
        findings.push({
          setting: 'client-id',
          source: shadowed.source,
          verdict: 'refused',
          text: 'the chart of oauth2-proxy overrides it with its own default; set `config.clientID`',
        });
      continue;
    }
    const source = `${locationOf(node)} config.${name}`;
    if (text === undefined) {
      problems.push({
        path: `config.${name}`,
        source: locationOf(node),
        message: expectedInstead(node, 'a text'),
      });
      continue;
    }
    if (secret === undefined && isRequired(key))
      variables.push({ name: variable, value: markTemplate(text), source });
    else {
      const reason = 'the chart of oauth2-proxy ignores it because of other values in `config`';
      findings.push({ setting: `config.${name}`, source, verdict: 'meaningless', text: reason });
    }
  }
  for (const [name, node] of fields(config)) {
    const setting = `config.${name}`;
    const source = locationOf(node);
    if (!configNames.includes(name)) {
      const text = `it is not read: the chart of oauth2-proxy has no such value${suggestion(name, configNames)}`;
      findings.push({ setting, source, verdict: 'refused', text });
    } else if (layoutNames.includes(name) && !isEmpty(node))
      findings.push({
        setting,
        source,
        verdict: 'meaningless',
        text: 'it only sets how the chart writes its files',
      });
  }
}

/** Names of `config` that are not settings. */
const layoutNames = ['annotations', 'existingSecret', 'forceLegacyConfig', 'requiredSecretKeys'];

/**
 * Reads the TOML file that the chart mounts: an existing one, the text in the values, or a generated one.
 *
 * @returns whether the chart names the file with its own `--config`; some versions generate no file
 */
export function readMountedFile(
  values: YamlNode,
  hasAlpha: boolean,
  scope: Scope,
  collected: Collected,
): 'always' | 'by version' | 'never' {
  const config = child(values, 'config');
  const isForced = !isFalse(child(config, 'forceLegacyConfig'));
  const [existing, inline] = [child(config, 'existingConfig'), child(config, 'configFile')];
  const isSet = !isEmpty(existing) || !isEmpty(inline);
  const unused = (node: YamlNode, condition: string) => {
    const setting = node === inline ? 'config.configFile' : 'config.existingConfig';
    const text = `the chart of oauth2-proxy ignores it with ${condition}`;
    if (!isEmpty(node))
      collected.findings.push({ setting, source: locationOf(node), verdict: 'meaningless', text });
  };
  const lists = (condition: string) => {
    for (const name of ['emailDomains', 'upstreams'])
      if (!isEmpty(child(config, name)))
        collected.findings.push({
          setting: `config.${name}`,
          source: locationOf(child(config, name)),
          verdict: 'meaningless',
          text: `the chart of oauth2-proxy ignores it with ${condition}`,
        });
  };
  if (isSet && (isForced || !hasAlpha)) {
    lists(isEmpty(existing) ? '`config.configFile`' : '`config.existingConfig`');
    if (!isEmpty(existing)) {
      unused(inline, '`config.existingConfig`');
      const objectText = textIn(existing, 'ConfigMap', ['oauth2_proxy.cfg'], scope);
      if (objectText === undefined) reportMissing(existing, 'config.existingConfig', 'keys', collected);
      else readToml({ text: objectText.text, name: `${objectText.source} ${objectText.key}` }, collected);
    } else if (typeof inline.value === 'string')
      readToml(
        { text: inline.value, name: `${locationOf(inline)} config.configFile`, isTemplated: true },
        collected,
      );
    else
      collected.problems.push({
        path: 'config.configFile',
        source: locationOf(inline),
        message: expectedInstead(inline, 'a text with the content of the configuration file'),
      });
    return 'always';
  }
  unused(inline, '`alphaConfig` and `forceLegacyConfig: false`');
  unused(existing, '`alphaConfig` and `forceLegacyConfig: false`');
  if (!hasAlpha && !isForced) {
    lists('`forceLegacyConfig: false`');
    return 'never';
  }
  readDefaultedList(child(config, 'emailDomains'), 'email-domain', '*', collected);
  if (!hasAlpha) readDefaultedList(child(config, 'upstreams'), 'upstream', 'file:///dev/null', collected);
  const areListed = ['emailDomains', 'upstreams'].some((name) => Array.isArray(child(config, name).value));
  // An older version has a default file, and no file if its text is empty.
  return areListed || (inline.value === undefined && !hasAlpha) ? 'always' : 'by version';
}

/** Judges further `--config` flags. The chart's own flag comes last and wins. */
export function judgeOtherFiles(own: ReturnType<typeof readMountedFile>, collected: Collected): void {
  if (own === 'never') return;
  const { namedFiles, findings } = collected;
  const others = namedFiles.filter(({ flag }) => flag === 'config');
  for (const { source } of others)
    findings.push({
      setting: 'config',
      source,
      ...(own === 'always'
        ? {
            verdict: 'meaningless',
            text: 'the chart of oauth2-proxy names its own file after it, and the last one wins',
          }
        : {
            verdict: 'refused',
            text: 'in some versions of the chart its own file wins; move the content of this file to `config.configFile`',
          }),
    });
  namedFiles.splice(0, namedFiles.length, ...namedFiles.filter((named) => !others.includes(named)));
}

/** Reads the alpha configuration that the chart writes. */
export function readChartAlpha(values: YamlNode, owner: string, scope: Scope, collected: Collected): void {
  const alpha = child(values, 'alphaConfig');
  const isThere = ['existingConfig', 'existingSecret'].find((name) => !isEmpty(child(alpha, name)));
  if (isThere !== undefined) {
    const node = child(alpha, isThere);
    const kind = isThere === 'existingSecret' ? 'Secret' : 'ConfigMap';
    const objectText = textIn(node, kind, ['oauth2_proxy.yml', 'oauth2_proxy.yaml'], scope);
    if (objectText === undefined) reportMissing(node, `alphaConfig.${isThere}`, 'alpha', collected);
    else
      collected.alpha.push({ text: objectText.text, name: `${objectText.source} ${objectText.key}`, owner });
    for (const [name, other] of fields(alpha))
      if (name !== isThere && name !== 'enabled' && !isEmpty(other))
        collected.findings.push({
          setting: `alphaConfig.${name}`,
          source: locationOf(other),
          verdict: 'meaningless',
          text: `the chart of oauth2-proxy ignores it with \`alphaConfig.${isThere}\``,
        });
    return;
  }
  const parts = [
    below('server', child(alpha, 'serverConfigData')),
    below('metricsServer', child(alpha, 'metricsConfigData')),
    child(alpha, 'configData'),
  ];
  for (const node of parts) {
    if (isMapping(node.value)) collected.alpha.push({ node, owner });
    else if (!isEmpty(node))
      collected.problems.push({
        path: 'alphaConfig',
        source: locationOf(node),
        message: 'expected a mapping',
      });
  }
  const file = child(alpha, 'configFile');
  if (typeof file.value === 'string' && file.value.trim() !== '') {
    const name = `${locationOf(file)} alphaConfig.configFile`;
    collected.alpha.push({ text: file.value, name, isTemplated: true, owner });
  }
}

/** The text of the named object below one of the keys that the chart mounts. */
function textIn(
  node: YamlNode,
  kind: 'ConfigMap' | 'Secret',
  keys: readonly string[],
  { objects, namespace }: Scope,
): ObjectText | undefined {
  const name = scalarText(node);
  const object = name === undefined ? undefined : objects.named({ kind, name, namespace });
  if (object === undefined) return undefined;
  return keys.flatMap((key) => objects.readTexts(object, key))[0];
}

/** Puts a value below a name, as the chart does. */
function below(name: string, node: YamlNode): YamlNode {
  if (!isMapping(node.value)) return node;
  return {
    value: { [name]: node.value },
    path: [],
    locate: (path) => node.locate([...node.path, ...path.slice(1)]),
  };
}

function readDefaultedList(
  node: YamlNode,
  flag: string,
  preset: string,
  { keys, problems }: Collected,
): void {
  const label = `config.${String(node.path.at(-1))}`;
  if (!Array.isArray(node.value) && !isEmpty(node))
    problems.push({ path: label, source: locationOf(node), message: expectedInstead(node, 'a list') });
  const isPreset = !Array.isArray(node.value);
  keys.push({
    flag,
    value: isPreset ? [preset] : elements(node).map((entry) => scalarText(entry) ?? ''),
    source: isPreset ? "the chart's default" : `${locationOf(node)} ${label}`,
    isChartDefault: isPreset,
  });
}

function reportMissing(
  node: YamlNode,
  setting: string,
  kind: 'keys' | 'alpha',
  { missing }: Collected,
): void {
  const text = 'it names a configuration in the cluster that is not among the files; pass that as well';
  missing.push({ kind, finding: { setting, source: locationOf(node), verdict: 'refused', text } });
}
