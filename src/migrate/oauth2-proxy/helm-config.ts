/** `config` and `alphaConfig` in the values of the chart: secrets, and which configuration files there are. */

import { suggestion } from '../../config/problems.ts';
import { isTree } from '../../config/tree.ts';
import type { Gathered } from './gathered.ts';
import { child, elements, expectedInstead, fields, isEmpty, place, type Spot, scalarText } from './spot.ts';
import { readToml } from './toml.ts';
import { unseenTemplate } from './unseen.ts';

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
export function readCredentials(values: Spot, { variables, findings, problems }: Gathered): void {
  const config = child(values, 'config');
  const required = child(config, 'requiredSecretKeys').value;
  const isHandedOver = (key: string) =>
    isEmpty(child(config, 'existingSecret')) &&
    child(values, 'proxyVarsAsSecrets').value !== false &&
    (!Array.isArray(required) || required.includes(key));
  for (const { name, key, variable } of credentials) {
    const spot = child(config, name);
    const text = scalarText(spot);
    // What the chart has by default is no client, but a row of X.
    if (isEmpty(spot) || (text !== undefined && /^X+$/.test(text))) continue;
    const source = `${place(spot)} config.${name}`;
    if (text === undefined) {
      problems.push({
        path: `config.${name}`,
        source: place(spot),
        message: expectedInstead(spot, 'a text'),
      });
      continue;
    }
    if (isHandedOver(key)) variables.push({ name: variable, value: unseenTemplate(text), source });
    else {
      const reason = 'the chart of oauth2-proxy does not use it beside what `config` says otherwise';
      findings.push({ setting: `config.${name}`, source, verdict: 'meaningless', text: reason });
    }
  }
  for (const [name, spot] of fields(config)) {
    if (configNames.includes(name)) continue;
    const text = `the chart of oauth2-proxy has no such value${suggestion(name, configNames)}`;
    findings.push({ setting: `config.${name}`, source: place(spot), verdict: 'meaningless', text });
  }
}

/** Reads the TOML file that the chart mounts: an existing one, the one in the values, or the one that it makes. */
export function readMountedFile(values: Spot, hasAlpha: boolean, gathered: Gathered): void {
  const config = child(values, 'config');
  const isForced = child(config, 'forceLegacyConfig').value !== false;
  const [existing, inline] = [child(config, 'existingConfig'), child(config, 'configFile')];
  const isGiven = !isEmpty(existing) || !isEmpty(inline);
  if (isGiven && (isForced || !hasAlpha)) {
    if (!isEmpty(existing)) noteMissing(existing, 'config.existingConfig', 'keys', gathered);
    else if (typeof inline.value === 'string')
      readToml(
        { text: inline.value, name: `${place(inline)} config.configFile`, isTemplated: true },
        gathered,
      );
    return;
  }
  if (isGiven) {
    const spot = isEmpty(existing) ? inline : existing;
    const text =
      'the chart of oauth2-proxy does not use it beside `alphaConfig` and `forceLegacyConfig: false`';
    const setting = isEmpty(existing) ? 'config.configFile' : 'config.existingConfig';
    gathered.findings.push({ setting, source: place(spot), verdict: 'meaningless', text });
  }
  if (!hasAlpha && !isForced) return;
  readMadeList(child(config, 'emailDomains'), 'email-domain', '*', gathered);
  if (!hasAlpha) readMadeList(child(config, 'upstreams'), 'upstream', 'file:///dev/null', gathered);
}

/** Reads the alpha configuration that the chart puts together. */
export function readChartAlpha(values: Spot, owner: string, gathered: Gathered): void {
  const alpha = child(values, 'alphaConfig');
  for (const name of ['existingConfig', 'existingSecret']) {
    const spot = child(alpha, name);
    if (isEmpty(spot)) continue;
    noteMissing(spot, `alphaConfig.${name}`, 'alpha', gathered);
    return;
  }
  const parts = [
    below('server', child(alpha, 'serverConfigData')),
    below('metricsServer', child(alpha, 'metricsConfigData')),
    child(alpha, 'configData'),
  ];
  for (const spot of parts) {
    if (isTree(spot.value)) gathered.alpha.push({ spot, owner });
  }
  const file = child(alpha, 'configFile');
  if (typeof file.value === 'string' && file.value.trim() !== '') {
    const name = `${place(file)} alphaConfig.configFile`;
    gathered.alpha.push({ text: file.value, name, isTemplated: true, owner });
  }
}

/** The same value below a name that the chart puts before it. */
function below(name: string, spot: Spot): Spot {
  if (!isTree(spot.value)) return { ...spot, value: undefined };
  return {
    value: { [name]: spot.value },
    path: [],
    placeOf: (path) => spot.placeOf([...spot.path, ...path.slice(1)]),
  };
}

function readMadeList(spot: Spot, flag: string, preset: string, { keys }: Gathered): void {
  const label = `config.${String(spot.path.at(-1))}`;
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
