/** The values of the Helm chart of oauth2-proxy, as written for it or as `helm get values` prints them. */
import { suggestion } from '../../config/problems.ts';
import { isChartValue, judgeChartValues } from './chart-values.ts';
import type { ClusterObject } from './cluster.ts';
import { readVariables, variablesFrom } from './container.ts';
import { readEmails } from './emails.ts';
import type { Gathered, Variable } from './gathered.ts';
import { readChartArguments } from './helm-arguments.ts';
import { readChartAlpha, readCredentials, readMountedFile } from './helm-config.ts';
import { child, elements, fields, isEmpty, place, type Spot, scalarText } from './spot.ts';
import { unseenTemplate } from './unseen.ts';

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

/** The heading of what `helm get values` prints; in the second case with all defaults of the chart. */
const heading = /^(USER-SUPPLIED|COMPUTED) VALUES:/;

/** Blanks the heading of `helm get values`, so that lines keep their numbers. */
export function withoutHeading(text: string): { readonly text: string; readonly isComputed: boolean } {
  const [found, which] = heading.exec(text) ?? [];
  return { text: text.slice(found?.length ?? 0), isComputed: which === 'COMPUTED' };
}

/** The values themselves: those of a chart that has the chart of oauth2-proxy in it are below its name. */
export function chartValues(document: Spot): Spot | undefined {
  const candidates = [document, child(document, 'oauth2-proxy')];
  return candidates.find((spot) => fields(spot).some(([name]) => isChartValue(name)));
}

/** Reads values of the chart. */
export function readHelmValues(
  values: Spot,
  isComputed: boolean,
  objects: readonly ClusterObject[],
  gathered: Gathered,
): void {
  const hasAlpha = child(values, 'alphaConfig', 'enabled').value === true;
  readMountedFile(values, hasAlpha, gathered);
  if (hasAlpha) readChartAlpha(values, place({ ...values, path: [] }), gathered);
  readCredentials(values, gathered);
  gathered.variables.push(...sessionStore(child(values, 'sessionStorage', 'type')));
  gathered.variables.push(
    ...elements(child(values, 'envFrom')).flatMap((entry) => variablesFrom(entry, objects, gathered)),
  );
  const extra = readVariables(child(values, 'extraEnv'), objects, 'extraEnv');
  gathered.variables.push(
    ...extra.map((variable) => ({ ...variable, value: unseenTemplate(variable.value) })),
  );
  readChartArguments(values, hasAlpha, gathered);

  const emails = child(values, 'authenticatedEmailsFile');
  const inline = child(emails, 'restricted_access').value;
  if (child(emails, 'enabled').value === true && typeof inline === 'string') readEmails(inline, gathered);
  judgeHtpasswd(child(values, 'htpasswdFile'), gathered);
  judgeAlphaNames(child(values, 'alphaConfig'), hasAlpha, gathered);
  judgeChartValues(values, isComputed, gathered);
}

function sessionStore(type: Spot): Variable[] {
  const value = scalarText(type);
  if (value === undefined || value === '' || value === 'cookie') return [];
  return [{ name: 'OAUTH2_PROXY_SESSION_STORE_TYPE', value, source: `${place(type)} sessionStorage.type` }];
}

function judgeHtpasswd(file: Spot, { findings }: Gathered): void {
  if (child(file, 'enabled').value !== true) return;
  const text = 'it lets people in by a password, and here only tokens count';
  findings.push({
    setting: 'htpasswd-file',
    source: `${place(file)} htpasswdFile`,
    verdict: 'refused',
    text,
  });
}

function judgeAlphaNames(alpha: Spot, hasAlpha: boolean, { findings }: Gathered): void {
  for (const [name, spot] of fields(alpha)) {
    const setting = `alphaConfig.${name}`;
    if (!alphaNames.includes(name)) {
      const text = `the chart of oauth2-proxy has no such value${suggestion(name, alphaNames)}`;
      findings.push({ setting, source: place(spot), verdict: 'meaningless', text });
    } else if (!hasAlpha && name !== 'annotations' && !isEmpty(spot)) {
      const text = 'the chart of oauth2-proxy does not use it without `alphaConfig.enabled: true`';
      findings.push({ setting, source: place(spot), verdict: 'meaningless', text });
    }
  }
}
