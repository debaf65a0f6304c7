/** `config` and `alphaConfig` in the values of the chart: secrets, and which configuration files there are. */

import { suggestion } from '../../../../../config/validate/problems.ts';
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { HeldText } from '../cluster/cluster-objects.ts';
import { keyValue, type Scope } from '../cluster/container.ts';
import type { Gathered } from '../collected.ts';
import { unseenTemplate } from '../hidden-parts.ts';
import {
  child,
  elements,
  expectedInstead,
  fields,
  isEmpty,
  isFalse,
  place,
  type Spot,
  scalarText,
} from '../location.ts';
import { readToml } from '../toml.ts';

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

/** Reads the three credentials, which the chart hands over as variables. */
export function readCredentials(values: Spot, scope: Scope, gathered: Gathered): void {
  const { variables, findings, problems } = gathered;
  const config = child(values, 'config');
  const required = child(config, 'requiredSecretKeys').value;
  const existing = child(config, 'existingSecret');
  const secret = isEmpty(existing) ? undefined : (scalarText(existing) ?? '');
  const areVariables = !isFalse(child(values, 'proxyVarsAsSecrets'));
  const isAsked = (key: string) => areVariables && (!Array.isArray(required) || required.includes(key));
  for (const { name, key, variable } of credentials) {
    const spot = child(config, name);
    const text = scalarText(spot);
    if (secret !== undefined && isAsked(key)) {
      const held = secret.includes('{{')
        ? { value: unseenTemplate(secret) }
        : keyValue('Secret', { name: secret, key }, scope);
      const source =
        (held !== undefined && 'source' in held ? held.source : undefined) ??
        `${place(existing)} config.existingSecret`;
      variables.push({ name: variable, value: held?.value ?? '', source });
    }
    // What the chart has by default is no client, but a row of X.
    if (isEmpty(spot) || (text !== undefined && /^X+$/.test(text))) {
      const shadowed = variables.findLast((one) => one.name === variable);
      if (secret === undefined && isAsked(key) && shadowed !== undefined && name === 'clientID')
        findings.push({
          setting: 'client-id',
          source: shadowed.source,
          verdict: 'refused',
          text: 'the chart of oauth2-proxy sets its own default over it; put it into `config.clientID`',
        });
      continue;
    }
    const source = `${place(spot)} config.${name}`;
    if (text === undefined) {
      problems.push({
        path: `config.${name}`,
        source: place(spot),
        message: expectedInstead(spot, 'a text'),
      });
      continue;
    }
    if (secret === undefined && isAsked(key))
      variables.push({ name: variable, value: unseenTemplate(text), source });
    else {
      const reason = 'the chart of oauth2-proxy does not use it beside what `config` says otherwise';
      findings.push({ setting: `config.${name}`, source, verdict: 'meaningless', text: reason });
    }
  }
  for (const [name, spot] of fields(config)) {
    const setting = `config.${name}`;
    const source = place(spot);
    if (!configNames.includes(name)) {
      const text = `it is not read: the chart of oauth2-proxy has no such value${suggestion(name, configNames)}`;
      findings.push({ setting, source, verdict: 'refused', text });
    } else if (told.includes(name) && !isEmpty(spot))
      findings.push({
        setting,
        source,
        verdict: 'meaningless',
        text: 'it says how the chart puts its files together',
      });
  }
}

/** Names of `config` that no setting comes of. */
const told = ['annotations', 'existingSecret', 'forceLegacyConfig', 'requiredSecretKeys'];

/**
 * Reads the TOML file that the chart mounts: an existing one, the one in the values, or the one that it makes.
 *
 * @returns whether the chart names it by a `--config` of its own; a version that makes no file does not
 */
export function readMountedFile(
  values: Spot,
  hasAlpha: boolean,
  scope: Scope,
  gathered: Gathered,
): 'always' | 'by version' | 'never' {
  const config = child(values, 'config');
  const isForced = !isFalse(child(config, 'forceLegacyConfig'));
  const [existing, inline] = [child(config, 'existingConfig'), child(config, 'configFile')];
  const isGiven = !isEmpty(existing) || !isEmpty(inline);
  const unused = (spot: Spot, beside: string) => {
    const setting = spot === inline ? 'config.configFile' : 'config.existingConfig';
    const text = `the chart of oauth2-proxy does not use it beside ${beside}`;
    if (!isEmpty(spot))
      gathered.findings.push({ setting, source: place(spot), verdict: 'meaningless', text });
  };
  const lists = (beside: string) => {
    for (const name of ['emailDomains', 'upstreams'])
      if (!isEmpty(child(config, name)))
        gathered.findings.push({
          setting: `config.${name}`,
          source: place(child(config, name)),
          verdict: 'meaningless',
          text: `the chart of oauth2-proxy does not use it beside ${beside}`,
        });
  };
  if (isGiven && (isForced || !hasAlpha)) {
    lists(isEmpty(existing) ? '`config.configFile`' : '`config.existingConfig`');
    if (!isEmpty(existing)) {
      unused(inline, '`config.existingConfig`');
      const held = heldIn(existing, 'ConfigMap', ['oauth2_proxy.cfg'], scope);
      if (held === undefined) noteMissing(existing, 'config.existingConfig', 'keys', gathered);
      else readToml({ text: held.text, name: `${held.source} ${held.key}` }, gathered);
    } else if (typeof inline.value === 'string')
      readToml(
        { text: inline.value, name: `${place(inline)} config.configFile`, isTemplated: true },
        gathered,
      );
    else
      gathered.problems.push({
        path: 'config.configFile',
        source: place(inline),
        message: expectedInstead(inline, 'a text, which is the configuration file'),
      });
    return 'always';
  }
  unused(inline, '`alphaConfig` and `forceLegacyConfig: false`');
  unused(existing, '`alphaConfig` and `forceLegacyConfig: false`');
  if (!hasAlpha && !isForced) {
    lists('`forceLegacyConfig: false`');
    return 'never';
  }
  readMadeList(child(config, 'emailDomains'), 'email-domain', '*', gathered);
  if (!hasAlpha) readMadeList(child(config, 'upstreams'), 'upstream', 'file:///dev/null', gathered);
  const areListed = ['emailDomains', 'upstreams'].some((name) => Array.isArray(child(config, name).value));
  // An older version has a file by default, and none where its text is empty.
  return areListed || (inline.value === undefined && !hasAlpha) ? 'always' : 'by version';
}

/** Of several files that are named, the chart's own is the last one, which counts. */
export function judgeOtherFiles(own: ReturnType<typeof readMountedFile>, gathered: Gathered): void {
  if (own === 'never') return;
  const { namedFiles, findings } = gathered;
  const others = namedFiles.filter(({ flag }) => flag === 'config');
  for (const { source } of others)
    findings.push({
      setting: 'config',
      source,
      ...(own === 'always'
        ? {
            verdict: 'meaningless',
            text: 'the chart of oauth2-proxy names its own file behind it, which counts',
          }
        : {
            verdict: 'refused',
            text: 'it depends on the version of the chart whether its own file counts instead; put what is in the file into `config.configFile`',
          }),
    });
  namedFiles.splice(0, namedFiles.length, ...namedFiles.filter((named) => !others.includes(named)));
}

/** Reads the alpha configuration that the chart puts together. */
export function readChartAlpha(values: Spot, owner: string, scope: Scope, gathered: Gathered): void {
  const alpha = child(values, 'alphaConfig');
  const isThere = ['existingConfig', 'existingSecret'].find((name) => !isEmpty(child(alpha, name)));
  if (isThere !== undefined) {
    const spot = child(alpha, isThere);
    const kind = isThere === 'existingSecret' ? 'Secret' : 'ConfigMap';
    const held = heldIn(spot, kind, ['oauth2_proxy.yml', 'oauth2_proxy.yaml'], scope);
    if (held === undefined) noteMissing(spot, `alphaConfig.${isThere}`, 'alpha', gathered);
    else gathered.alpha.push({ text: held.text, name: `${held.source} ${held.key}`, owner });
    for (const [name, other] of fields(alpha))
      if (name !== isThere && name !== 'enabled' && !isEmpty(other))
        gathered.findings.push({
          setting: `alphaConfig.${name}`,
          source: place(other),
          verdict: 'meaningless',
          text: `the chart of oauth2-proxy does not use it beside \`alphaConfig.${isThere}\``,
        });
    return;
  }
  const parts = [
    below('server', child(alpha, 'serverConfigData')),
    below('metricsServer', child(alpha, 'metricsConfigData')),
    child(alpha, 'configData'),
  ];
  for (const spot of parts) {
    if (isMapping(spot.value)) gathered.alpha.push({ spot, owner });
    else if (!isEmpty(spot))
      gathered.problems.push({
        path: 'alphaConfig',
        source: place(spot),
        message: 'expected names with values',
      });
  }
  const file = child(alpha, 'configFile');
  if (typeof file.value === 'string' && file.value.trim() !== '') {
    const name = `${place(file)} alphaConfig.configFile`;
    gathered.alpha.push({ text: file.value, name, isTemplated: true, owner });
  }
}

/** What the object that a value names holds below one of the keys that the chart mounts. */
function heldIn(
  spot: Spot,
  kind: 'ConfigMap' | 'Secret',
  keys: readonly string[],
  { objects, namespace }: Scope,
): HeldText | undefined {
  const name = scalarText(spot);
  const object = name === undefined ? undefined : objects.named({ kind, name, namespace });
  if (object === undefined) return undefined;
  return keys.flatMap((key) => objects.take(object, key))[0];
}

/** The same value below a name that the chart puts before it. */
function below(name: string, spot: Spot): Spot {
  if (!isMapping(spot.value)) return spot;
  return {
    value: { [name]: spot.value },
    path: [],
    placeOf: (path) => spot.placeOf([...spot.path, ...path.slice(1)]),
  };
}

function readMadeList(spot: Spot, flag: string, preset: string, { keys, problems }: Gathered): void {
  const label = `config.${String(spot.path.at(-1))}`;
  if (!Array.isArray(spot.value) && !isEmpty(spot))
    problems.push({ path: label, source: place(spot), message: expectedInstead(spot, 'a list') });
  const isPreset = !Array.isArray(spot.value);
  keys.push({
    flag,
    value: isPreset ? [preset] : elements(spot).map((entry) => scalarText(entry) ?? ''),
    source: isPreset ? "the chart's default" : `${place(spot)} ${label}`,
    isOfChart: isPreset,
  });
}

function noteMissing(spot: Spot, setting: string, kind: 'keys' | 'alpha', { missing }: Gathered): void {
  const text = 'it names a configuration in the cluster that is not among the files; give that as well';
  missing.push({ kind, finding: { setting, source: place(spot), verdict: 'refused', text } });
}
