/** The values of the Helm chart of oauth2-proxy, as written for it or as `helm get values` prints them. */
import { suggestion } from '../../../../../config/validate/problems.ts';
import type { Finding } from '../../../finding.ts';
import { readVariables, type Scope, variablesFrom } from '../cluster/container.ts';
import { mountedFiles, mountedKey } from '../cluster/mounts.ts';
import type { Gathered, Variable } from '../collected.ts';
import { unseenTemplate } from '../unknown-values.ts';
import {
  child,
  elements,
  expectedInstead,
  fields,
  isEmpty,
  isTrue,
  listProblem,
  place,
  type Spot,
  scalarText,
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

/** The heading of what `helm get values` prints; in the second case with all defaults of the chart. */
const heading = /^(USER-SUPPLIED|COMPUTED) VALUES:/;

/** Blanks the heading of `helm get values`, so that lines keep their numbers. */
export function withoutHeading(text: string): { readonly text: string; readonly isComputed: boolean } {
  const [found, which] = heading.exec(text) ?? [];
  return { text: text.slice(found?.length ?? 0), isComputed: which === 'COMPUTED' };
}

/** Reads values of the chart; those that are no settings are judged elsewhere. */
export function readHelmValues(values: Spot, scope: Scope, gathered: Gathered): void {
  const hasAlpha = isTrue(child(values, 'alphaConfig', 'enabled'));
  for (const name of ['envFrom', 'extraEnv', 'extraVolumeMounts', 'extraVolumes']) {
    const problem = listProblem(child(values, name), name);
    if (problem !== undefined) gathered.problems.push(problem);
  }
  // What the chart sets by name wins over what a whole object sets.
  gathered.variables.push(
    ...elements(child(values, 'envFrom')).flatMap((entry) => variablesFrom(entry, scope, gathered)),
  );
  const ownFile = readMountedFile(values, hasAlpha, scope, gathered);
  if (hasAlpha) readChartAlpha(values, place({ ...values, path: [] }), scope, gathered);
  readCredentials(values, scope, gathered);
  gathered.variables.push(...sessionStore(child(values, 'sessionStorage', 'type')));
  for (const [name, spot] of fields(child(values, 'sessionStorage')))
    for (const [inner, below] of name === 'type' ? [] : fields(spot))
      gathered.findings.push({
        setting: `sessionStorage.${name}.${inner}`,
        source: place(below),
        verdict: 'meaningless',
        text: 'no session is kept here',
      });
  const extra = readVariables(child(values, 'extraEnv'), scope, 'extraEnv');
  gathered.variables.push(
    ...extra.map((variable) => ({ ...variable, value: unseenTemplate(variable.value) })),
  );
  mountEmails(child(values, 'authenticatedEmailsFile'), scope, gathered);
  const mounts = [child(values, 'extraVolumeMounts'), child(values, 'extraVolumes')] as const;
  gathered.mounts.push(mountedFiles(...mounts, scope.namespace, scope.objects));
  readChartArguments(values, hasAlpha, gathered);
  judgeOtherFiles(ownFile, gathered);

  judgeHtpasswd(child(values, 'htpasswdFile'), gathered);
  judgeAlphaNames(child(values, 'alphaConfig'), hasAlpha, gathered);
}

/** Mounts the addresses in the values, or in an object whose name they say: the chart makes none of its own beside that. */
function mountEmails(file: Spot, { objects, namespace }: Scope, gathered: Gathered): void {
  const [inline, template] = [child(file, 'restricted_access'), child(file, 'template')];
  if (!isTrue(child(file, 'enabled'))) {
    for (const [name, spot] of fields(file))
      if (name !== 'enabled' && !isEmpty(spot))
        gathered.findings.push({
          setting: `authenticatedEmailsFile.${name}`,
          source: place(spot),
          verdict: 'meaningless',
          text: 'the chart of oauth2-proxy does not use it without `authenticatedEmailsFile.enabled: true`',
        });
    return;
  }
  for (const [name, spot] of fields(file))
    if (!emailNames.includes(name))
      gathered.findings.push(unknownValue(`authenticatedEmailsFile.${name}`, spot, name, emailNames));
  if (!isEmpty(inline) && typeof inline.value !== 'string')
    gathered.problems.push({
      path: 'authenticatedEmailsFile.restricted_access',
      source: place(inline),
      message: expectedInstead(inline, 'a text with an address in each line'),
    });
  const name = isEmpty(template) ? undefined : scalarText(template);
  const path = emailsPath(file);
  if (name === undefined) {
    if (typeof inline.value !== 'string' || inline.value === '') return;
    const mounted = {
      text: inline.value,
      name: `${place(inline)} authenticatedEmailsFile.restricted_access`,
    };
    gathered.mounts.push((asked) => (asked === path ? mounted : undefined));
    return;
  }
  if (!isEmpty(inline))
    gathered.findings.push({
      setting: 'authenticatedEmailsFile.restricted_access',
      source: place(inline),
      verdict: 'meaningless',
      text: 'the chart of oauth2-proxy does not use it beside `authenticatedEmailsFile.template`',
    });
  const kind = child(file, 'persistence').value === 'secret' ? 'Secret' : 'ConfigMap';
  const key = scalarText(child(file, 'restrictedUserAccessKey')) || 'restricted_user_access';
  gathered.mounts.push((asked) =>
    asked === path ? mountedKey({ kind, name, namespace }, key, objects) : undefined,
  );
}

/** A value that the chart does not know, as it may be a guard that was meant. */
function unknownValue(setting: string, spot: Spot, name: string, known: readonly string[]): Finding {
  const text = `it is not read: the chart of oauth2-proxy has no such value${suggestion(name, known)}`;
  return { setting, source: place(spot), verdict: 'refused', text };
}

function sessionStore(type: Spot): Variable[] {
  const value = scalarText(type);
  if (value === undefined || value === '' || value === 'cookie') return [];
  return [{ name: 'OAUTH2_PROXY_SESSION_STORE_TYPE', value, source: `${place(type)} sessionStorage.type` }];
}

function judgeHtpasswd(file: Spot, { findings }: Gathered): void {
  if (!isTrue(child(file, 'enabled'))) {
    const text = 'it is off';
    if (!isEmpty(file))
      findings.push({ setting: 'htpasswdFile', source: place(file), verdict: 'meaningless', text });
    return;
  }
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
      findings.push(unknownValue(setting, spot, name, alphaNames));
    } else if (!hasAlpha && name !== 'annotations' && !isEmpty(spot)) {
      const text = 'the chart of oauth2-proxy does not use it without `alphaConfig.enabled: true`';
      findings.push({ setting, source: place(spot), verdict: 'meaningless', text });
    }
  }
}
