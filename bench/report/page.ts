/** The page of a run. */
import { type Disturbance, isNoisy } from '../quiet.ts';
import type { GroupResult, Run } from './run.ts';
import { capacityText, summaryText } from './summary.ts';
import { one, tableText } from './table.ts';

/**
 * Writes the page.
 *
 * @param frame the handwritten text, with a mark for each generated part
 * @param groups all groups, in the order of the page
 */
export function pageOf(
  run: Run,
  frame: string,
  groups: readonly Pick<GroupResult, 'name' | 'title'>[] = run.groups,
): string {
  const sections = groups.map(({ name, title }) => {
    const found = run.groups.find((group) => group.name === name);
    return found === undefined ? notMeasured(title, 'this run did not include it') : sectionOf(found);
  });
  const parts = {
    run: circumstancesText(run),
    groups: namesText(groups),
    targets: summaryText(run),
    core: capacityText(run) ?? '',
    results: sections.join('\n'),
  };
  return Object.entries(parts).reduce(
    (page, [name, text]) => page.replace(new RegExp(`<!-- ${name} -->\\n?`), () => text),
    frame,
  );
}

function namesText(groups: readonly Pick<GroupResult, 'name'>[]): string {
  const names = groups.map(({ name }) => `\`${name}\``);
  const half = Math.ceil(names.length / 2);
  return [names.slice(0, half), names.slice(half)].map((part) => part.join(', ')).join(',\n');
}

/** The commit, the machine and the noise of a run, as Markdown. */
export function circumstancesText({ circumstances: of, groups }: Run): string {
  const minutes = groups.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const noisy = groups.filter(({ disturbance }) => isNoisy(disturbance));
  const worst = {
    others: Math.max(0, ...groups.map(({ disturbance }) => disturbance.others)),
    stolen: Math.max(0, ...groups.map(({ disturbance }) => disturbance.stolen)),
  };
  const noise =
    noisy.length === 0
      ? `The machine was quiet: in each group, ${shares(worst)}, at most.`
      : `**The machine was noisy** in ${noisy.map(({ name }) => name).join(', ')}: ${shares(worst)}, at most.\nDo not rely on the results of these groups.`;
  return [
    `All figures are from one run of ${Math.round(minutes)} minutes: commit \`${of.commit}\`, ${of.date},`,
    `${of.machine}, Node ${of.node}.`,
    noise,
    '',
  ].join('\n');
}

function shares({ others, stolen }: Disturbance): string {
  return `other processes used ${percent(others)} of the CPU and the hypervisor took ${percent(stolen)}`;
}

/** A share from 0 to 1, as text. */
export function percent(share: number): string {
  return `${one(share * 100)} %`;
}

/** A group as Markdown. */
export function sectionOf({ title, findings, disturbance }: GroupResult): string {
  const noise = isNoisy(disturbance) ? [`**Noisy:** ${shares(disturbance)}.\n`] : [];
  if ('missing' in findings) return notMeasured(title, findings.missing);
  const images = (findings.charts ?? []).map((chart) => `![${chart.title}](images/${chart.file})\n`);
  return [`## ${title}\n`, ...noise, ...images, ...findings.tables.map(tableText)].join('\n');
}

function notMeasured(title: string, why: string): string {
  return [`## ${title}\n`, `Not measured: ${why}.\n`].join('\n');
}
