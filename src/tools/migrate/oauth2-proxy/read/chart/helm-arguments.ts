/** The flags that the official chart of oauth2-proxy writes, in its order. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import { flagNamed } from '../../flags/flags.ts';
import { expand, wordsBehindProgram } from '../cluster/container.ts';
import type { Collected } from '../collected.ts';
import { readCommandLine, type Word } from '../command-line.ts';
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

/** Reads all values that become flags. */
export function readChartArguments(values: YamlNode, hasAlpha: boolean, collected: Collected): void {
  const listeners = ['http-address=0.0.0.0:4180', 'https-address=0.0.0.0:4443'];
  const metrics = isFalse(child(values, 'metrics', 'enabled')) ? [] : ['metrics-address=0.0.0.0:44180'];
  // With an alpha configuration the chart writes the other listener there.
  const own = hasAlpha ? listeners.slice(0, 1) : listeners;
  const command = child(values, 'image', 'command');
  const problem = listProblem(command, 'image.command');
  if (problem !== undefined) collected.problems.push(problem);
  const tail = wordsBehindProgram(command, collected);
  if (tail === undefined) return;
  const words = [
    ...tail.map(
      (node): Word => ({
        text: markTemplateInFlag(scalarText(node) ?? ''),
        location: `${locationOf(node)} image.command`,
      }),
    ),
    ...[...own, ...metrics].map(
      (flag): Word => ({ text: `--${flag}`, location: "the chart's default", isChartDefault: true }),
    ),
    ...wordsOf('cookie-name', child(values, 'config', 'cookieName')),
    ...extraArguments(child(values, 'extraArgs'), collected),
    ...emailsArgument(child(values, 'authenticatedEmailsFile')),
    ...googleArguments(child(values, 'config', 'google')),
  ];
  readCommandLine(expanded(words, collected), collected);
}

/** Replaces `$(NAME)` in words by the variables of the chart, as Kubernetes does. */
export function expanded(words: readonly Word[], { variables }: Collected): Word[] {
  const variableOf = (name: string) => variables.findLast((variable) => variable.name === name)?.value;
  return words.map((word) => ({ ...word, text: expand(word.text, variableOf) }));
}

/** A mapping is sorted by name; a list keeps its order. */
function extraArguments(node: YamlNode, { findings, problems }: Collected): Word[] {
  if (isEmpty(node)) return [];
  if (Array.isArray(node.value)) {
    return elements(node).flatMap((entry) => {
      const text = scalarText(entry);
      if (text !== undefined)
        return [{ text: markTemplateInFlag(text), location: `${locationOf(entry)} extraArgs` }];
      const message = 'expected a flag, such as `--provider=oidc`';
      problems.push({ path: 'extraArgs', source: locationOf(entry), message });
      return [];
    });
  }
  if (!isMapping(node.value)) {
    const message = 'expected a mapping of flags, or a list of them';
    problems.push({ path: 'extraArgs', source: locationOf(node), message });
    return [];
  }
  const sorted = fields(node).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([name, entry]) => {
    const where = { location: `${locationOf(entry)} extraArgs` };
    if (entry.value === null) return [{ text: `--${name}`, ...where }];
    if (Array.isArray(entry.value)) {
      const isSecret = flagNamed(name)?.isSecret === true;
      const inner = isSecret
        ? '…'
        : elements(entry)
            .map((item) => scalarText(item) ?? '…')
            .join(' ');
      const merged = `--${name}=[${inner}]`;
      findings.push({
        setting: `extraArgs.${name}`,
        source: locationOf(entry),
        verdict: 'refused',
        text: `the chart of oauth2-proxy makes one value of the list, \`${merged}\`; write the flags as a list in \`extraArgs\``,
      });
      return [];
    }
    if (
      typeof entry.value === 'number' &&
      Number.isInteger(entry.value) &&
      !Number.isSafeInteger(entry.value)
    ) {
      problems.push({
        path: `extraArgs.${name}`,
        source: locationOf(entry),
        message: 'put quotes around a number this long',
      });
      return [];
    }
    const text = scalarText(entry);
    if (text === undefined) {
      problems.push({
        path: `extraArgs.${name}`,
        source: locationOf(entry),
        message: expectedInstead(entry, 'a value'),
      });
      return [];
    }
    return [{ text: `--${name}=${markTemplate(asHelmReads(text, name))}`, ...where }];
  });
}

/** Helm's YAML has further words for booleans. */
function asHelmReads(text: string, name: string): string {
  if (flagNamed(name)?.kind !== 'boolean') return text;
  if (/^(yes|on|y)$/i.test(text)) return 'true';
  return /^(no|off|n)$/i.test(text) ? 'false' : text;
}

/** The path at which the chart mounts the address file. */
export function emailsPath(file: YamlNode): string {
  const name = scalarText(child(file, 'template'));
  return `/etc/oauth2-proxy/${name === undefined || name === '' ? 'authenticated-emails-list' : name}`;
}

function emailsArgument(file: YamlNode): Word[] {
  if (!isTrue(child(file, 'enabled'))) return [];
  const text = `--authenticated-emails-file=${emailsPath(file)}`;
  return [{ text, location: `${locationOf(file)} authenticatedEmailsFile` }];
}

function googleArguments(google: YamlNode): Word[] {
  const hasDefaults = isTrue(child(google, 'useApplicationDefaultCredentials'));
  const hasAccount = ['serviceAccountJson', 'existingSecret'].some((name) => !isEmpty(child(google, name)));
  const where = `${locationOf(google)} config.google`;
  const words: Word[] = [];
  if (!isEmpty(child(google, 'adminEmail')) && (hasDefaults || hasAccount)) {
    words.push(...wordsOf('google-admin-email', child(google, 'adminEmail')));
    words.push({
      text: hasDefaults
        ? '--google-use-application-default-credentials=true'
        : '--google-service-account-json=/google/service-account.json',
      location: where,
    });
    words.push(...wordsOf('google-target-principal', child(google, 'targetPrincipal')));
  }
  return [
    ...words,
    ...(Array.isArray(child(google, 'groups').value)
      ? elements(child(google, 'groups'))
      : [child(google, 'groups')]
    ).flatMap((group) => wordsOf('google-group', group)),
  ];
}

/** The flag for a value of the chart; none if the value is empty. */
function wordsOf(flag: string, node: YamlNode): Word[] {
  const text = isEmpty(node) ? undefined : scalarText(node);
  const label = node.path.slice(Math.max(0, node.path.indexOf('config'))).join('.');
  return text === undefined ? [] : [{ text: `--${flag}=${text}`, location: `${locationOf(node)} ${label}` }];
}
