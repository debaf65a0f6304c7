/** The report for people. */
import { maskUrls } from '../../../config/values/quote-value.ts';
import type { Diagnosis } from '../doctor.ts';
import type { Finding, Place, Severity } from '../finding.ts';

const titles: Readonly<Record<Severity, string>> = { error: 'Errors', warning: 'Warnings', note: 'Notes' };

/** Writes the findings by severity, then the notes, then a line with the numbers. */
export function textReport({ findings, notes, objects, files }: Diagnosis): string {
  const severities = Object.keys(titles) as Severity[];
  const groups = severities.flatMap((severity) => {
    const members = findings.filter((finding) => finding.severity === severity);
    return members.length === 0 ? [] : [titles[severity], '', ...members.flatMap(findingLines)];
  });
  const read = Object.entries(objects).map(([kind, count]) => `${count} ${kind}`);
  const lines = [
    ...groups,
    ...notes.map((note) => `# ${note}`),
    ...(files === 0
      ? []
      : [`# Read ${files === 1 ? '1 file' : `${files} files`}: ${read.join(', ') || 'no object'}.`]),
    summary(findings),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function findingLines({ id, title, place, cause, effect, fix, link }: Finding): readonly string[] {
  return [
    `${id} ${title}`,
    `  where:  ${placeText(place)}`,
    `  cause:  ${cause}`,
    `  effect: ${effect}`,
    `  fix:    ${fix}`,
    `  more:   ${link}`,
    '',
  ];
}

/** Writes a place as `file:line Kind namespace/name field`. */
function placeText({ file, line, object, path }: Place): string {
  return [line === undefined ? file : `${file}:${line}`, object, path]
    .filter((part) => part !== '')
    .join(' ');
}

/** The numbers of findings, for example `1 error, 2 warnings, 0 notes`. */
function summary(findings: readonly Finding[]): string {
  const count = (severity: Severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return `${number} ${severity}${number === 1 ? '' : 's'}`;
  };
  return `${count('error')}, ${count('warning')}, ${count('note')}`;
}

/** One line without credentials and without control characters, which a terminal would interpret. */
function printable(line: string): string {
  return maskUrls(line).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uE000-\uE002]/gu, ' ');
}
