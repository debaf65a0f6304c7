/** The report of a migration: one line for each setting, and what to do if a setting is refused. */
import { maskUrls } from '../../config/values/quote-value.ts';
import type { Finding, Verdict } from './finding.ts';

/** The words between the setting and the text of its finding. */
const phrases: Readonly<Record<Verdict, string>> = {
  meaningless: 'has no meaning here because',
  kept: 'kept as',
  changed: 'changes behavior:',
  refused: 'refused because',
};

/** The most important verdict comes last, where a terminal shows the end of the report. */
const order = Object.keys(phrases) as Verdict[];

/** The refused settings that the operator did not accept by name. */
export function notAccepted(findings: readonly Finding[], accepted: readonly string[]): readonly string[] {
  const refused = findings.filter(
    ({ verdict, setting }) => verdict === 'refused' && !accepted.includes(setting),
  );
  return [...new Set(refused.map(({ setting }) => setting))];
}

/** One line for each finding, then the number of findings by verdict. */
export function findingLines(findings: readonly Finding[], accepted: readonly string[]): readonly string[] {
  const lineOf = ({ setting, source, verdict, text }: Finding): string => {
    const suffix = verdict === 'refused' && accepted.includes(setting) ? ' (accepted)' : '';
    return plain(`${setting} (${source}): ${phrases[verdict]} ${text}${suffix}`);
  };
  // Equal findings appear once.
  const lines = order.map((verdict) => [
    ...new Set(findings.filter((finding) => finding.verdict === verdict).map(lineOf)),
  ]);
  const [meaningless, kept, changed, refused] = lines.map(({ length }) => length);
  return [
    ...lines.flat(),
    `${kept} kept, ${meaningless} without meaning, ${changed} changed, ${refused} refused`,
  ];
}

/** The report with advice about refused settings. */
export function reportText(findings: readonly Finding[], accepted: readonly string[]): string {
  const remaining = notAccepted(findings, accepted);
  const flags = remaining.map((name) => `--accept ${shellWord(name)}`).join(' ');
  const isOne = remaining.length === 1;
  const advice =
    remaining.length === 0
      ? []
      : [
          `nothing is printed, since ${isOne ? 'one setting is' : `${remaining.length} settings are`} refused. Pass ${flags} to continue without ${isOne ? 'it' : 'them'}; ${isOne ? 'its effect is' : 'their effects are'} then lost, and nothing replaces ${isOne ? 'it' : 'them'}`,
        ];
  return `${[...findingLines(findings, accepted), ...advice].join('\n')}\n`;
}

/** One line without credentials and without control characters, which a terminal would interpret. */
function plain(text: string): string {
  return maskUrls(text).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\uE000-\uE002]/gu, ' ');
}

function shellWord(name: string): string {
  return /^[\w./:-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
