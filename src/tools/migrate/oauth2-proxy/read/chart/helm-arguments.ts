/** The flags that the chart of oauth2-proxy puts together, in the order in which it writes them. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import { flagNamed } from '../../flags/flags.ts';
import { expand, wordsBehindProgram } from '../cluster/container.ts';
import type { Gathered } from '../collected.ts';
import { readCommandLine, type Word } from '../command-line.ts';
import { unseenTemplate, unseenWord } from '../hidden-parts.ts';
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
} from '../location.ts';

/** Reads everything in the values that becomes a flag. */
export function readChartArguments(values: Spot, hasAlpha: boolean, gathered: Gathered): void {
  const listeners = ['http-address=0.0.0.0:4180', 'https-address=0.0.0.0:4443'];
  const metrics = isFalse(child(values, 'metrics', 'enabled')) ? [] : ['metrics-address=0.0.0.0:44180'];
  // With an alpha configuration the chart says the same in there.
  const own = hasAlpha ? listeners.slice(0, 1) : listeners;
  const command = child(values, 'image', 'command');
  const problem = listProblem(command, 'image.command');
  if (problem !== undefined) gathered.problems.push(problem);
  const tail = wordsBehindProgram(command, gathered);
  if (tail === undefined) return;
  const words = [
    ...tail.map(
      (spot): Word => ({ text: unseenWord(scalarText(spot) ?? ''), place: `${place(spot)} image.command` }),
    ),
    ...[...own, ...metrics].map(
      (flag): Word => ({ text: `--${flag}`, place: "the chart's default", isOfChart: true }),
    ),
    ...wordsOf('cookie-name', child(values, 'config', 'cookieName')),
    ...extraArguments(child(values, 'extraArgs'), gathered),
    ...emailsArgument(child(values, 'authenticatedEmailsFile')),
    ...googleArguments(child(values, 'config', 'google')),
  ];
  readCommandLine(expanded(words, gathered), gathered);
}

/** The words with the variables of the chart in them, as Kubernetes puts these in. */
export function expanded(words: readonly Word[], { variables }: Gathered): Word[] {
  const variableOf = (name: string) => variables.findLast((variable) => variable.name === name)?.value;
  return words.map((word) => ({ ...word, text: expand(word.text, variableOf) }));
}

/** As a mapping, by name; as a list, as they are. */
function extraArguments(spot: Spot, { findings, problems }: Gathered): Word[] {
  if (isEmpty(spot)) return [];
  if (Array.isArray(spot.value)) {
    return elements(spot).flatMap((entry) => {
      const text = scalarText(entry);
      if (text !== undefined) return [{ text: unseenWord(text), place: `${place(entry)} extraArgs` }];
      const message = 'expected a flag, such as `--provider=oidc`';
      problems.push({ path: 'extraArgs', source: place(entry), message });
      return [];
    });
  }
  if (!isMapping(spot.value)) {
    const message = 'expected flags by name, or a list of them';
    problems.push({ path: 'extraArgs', source: place(spot), message });
    return [];
  }
  const sorted = fields(spot).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([name, entry]) => {
    const where = { place: `${place(entry)} extraArgs` };
    if (entry.value === null) return [{ text: `--${name}`, ...where }];
    if (Array.isArray(entry.value)) {
      const isSecret = flagNamed(name)?.isSecret === true;
      const inner = isSecret
        ? '…'
        : elements(entry)
            .map((item) => scalarText(item) ?? '…')
            .join(' ');
      const made = `--${name}=[${inner}]`;
      findings.push({
        setting: `extraArgs.${name}`,
        source: place(entry),
        verdict: 'refused',
        text: `the chart of oauth2-proxy makes one value of the list, \`${made}\`; write the flags as a list of \`extraArgs\``,
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
        source: place(entry),
        message: 'a number this long needs quotes',
      });
      return [];
    }
    const text = scalarText(entry);
    if (text === undefined) {
      problems.push({
        path: `extraArgs.${name}`,
        source: place(entry),
        message: expectedInstead(entry, 'a value'),
      });
      return [];
    }
    return [{ text: `--${name}=${unseenTemplate(asHelmReads(text, name))}`, ...where }];
  });
}

/** Helm's YAML has further words for truth values. */
function asHelmReads(text: string, name: string): string {
  if (flagNamed(name)?.kind !== 'boolean') return text;
  if (/^(yes|on|y)$/i.test(text)) return 'true';
  return /^(no|off|n)$/i.test(text) ? 'false' : text;
}

/** Where the chart mounts the file of addresses. */
export function emailsPath(file: Spot): string {
  const name = scalarText(child(file, 'template'));
  return `/etc/oauth2-proxy/${name === undefined || name === '' ? 'authenticated-emails-list' : name}`;
}

function emailsArgument(file: Spot): Word[] {
  if (!isTrue(child(file, 'enabled'))) return [];
  const text = `--authenticated-emails-file=${emailsPath(file)}`;
  return [{ text, place: `${place(file)} authenticatedEmailsFile` }];
}

function googleArguments(google: Spot): Word[] {
  const hasDefaults = isTrue(child(google, 'useApplicationDefaultCredentials'));
  const hasAccount = ['serviceAccountJson', 'existingSecret'].some((name) => !isEmpty(child(google, name)));
  const where = `${place(google)} config.google`;
  const words: Word[] = [];
  if (!isEmpty(child(google, 'adminEmail')) && (hasDefaults || hasAccount)) {
    words.push(...wordsOf('google-admin-email', child(google, 'adminEmail')));
    words.push({
      text: hasDefaults
        ? '--google-use-application-default-credentials=true'
        : '--google-service-account-json=/google/service-account.json',
      place: where,
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

/** The flag of a value of the chart, which is left out where the value is empty. */
function wordsOf(flag: string, spot: Spot): Word[] {
  const text = isEmpty(spot) ? undefined : scalarText(spot);
  const label = spot.path.slice(Math.max(0, spot.path.indexOf('config'))).join('.');
  return text === undefined ? [] : [{ text: `--${flag}=${text}`, place: `${place(spot)} ${label}` }];
}
