/** The report of a migration: what becomes of each setting, line by line, and what to do where something is refused. */
import { maskUrls } from '../../config/values/quote-value.ts';
import type { Finding, Verdict } from './finding.ts';

/** How a verdict reads between a setting and the text of its finding. */
const phrases: Readonly<Record<Verdict, string>> = {
  meaningless: 'has no meaning here because',
  kept: 'kept as',
  changed: 'changes behaviour:',
  refused: 'refused because',
};

/** From what needs no attention to what needs most, which then stands where a terminal stops. */
const order = Object.keys(phrases) as Verdict[];

/** The refused settings that nobody gave up by name. */
export function notAccepted(findings: readonly Finding[], accepted: readonly string[]): readonly string[] {
  const refused = findings.filter(
    ({ verdict, setting }) => verdict === 'refused' && !accepted.includes(setting),
  );
  return [...new Set(refused.map(({ setting }) => setting))];
}

/** A line for each finding, then how many there are of each kind. */
export function findingLines(findings: readonly Finding[], accepted: readonly string[]): readonly string[] {
  const lineOf = ({ setting, source, verdict, text }: Finding): string => {
    const given = verdict === 'refused' && accepted.includes(setting) ? ' (accepted)' : '';
    return plain(`${setting} (${source}): ${phrases[verdict]} ${text}${given}`);
  };
  // What is found twice is told once.
  const lines = order.map((verdict) => [
    ...new Set(findings.filter((finding) => finding.verdict === verdict).map(lineOf)),
  ]);
  const [meaningless, kept, changed, refused] = lines.map(({ length }) => length);
  return [
    ...lines.flat(),
    `${kept} kept, ${meaningless} without meaning, ${changed} changed, ${refused} refused`,
  ];
}

/** The report: the lines, and what to do where something is refused. */
export function reportText(findings: readonly Finding[], accepted: readonly string[]): string {
  const open = notAccepted(findings, accepted);
  const flags = open.map((name) => `--accept ${shellWord(name)}`).join(' ');
  const advice =
    open.length === 0
      ? []
      : [
          `nothing is printed, since ${open.length === 1 ? 'one setting is' : `${open.length} settings are`} refused. ${flags} would go on without ${open.length === 1 ? 'it' : 'them'}: what is said above of each is then lost, and nothing takes its place`,
        ];
  return `${[...findingLines(findings, accepted), ...advice].join('\n')}\n`;
}

/** One line without control characters, which a terminal would obey, and without credentials. */
function plain(text: string): string {
  return maskUrls(text).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\uE000-\uE002]/gu, ' ');
}

function shellWord(name: string): string {
  return /^[\w./:-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
