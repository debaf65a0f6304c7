/** CPU and memory of processes, as the kernel counts them, and the spread of several figures. */
import { readdirSync, readFileSync } from 'node:fs';

/** The CPU time of a process with all its threads and children, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  return familyOf(pid).reduce((sum, member) => sum + ownCpuMicroseconds(member), 0);
}

/** The CPU time of one process, in microseconds. */
export function ownCpuMicroseconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [ran = '0'] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
    nanoseconds += Number(ran);
  }
  return nanoseconds / 1000;
}

/** A process and its descendants. */
export function familyOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => familyOf(Number(child))))];
}

/** The resident memory of a process, in MB (10^6 bytes). */
export function residentMegabytes(pid: number): number {
  const [, kibibytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (Number(kibibytes) * 1024) / 1e6;
}

/** The median, minimum and maximum of some figures. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Computes the spread. It is not a number if one of the figures is not, or if there is none. */
export function spread(figures: readonly number[]): Spread {
  if (figures.length === 0 || figures.some(Number.isNaN))
    return { median: Number.NaN, min: Number.NaN, max: Number.NaN };
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (place: number) => sorted.at(place) ?? Number.NaN;
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(-1) };
}

/** The ratios of figures of the same rounds. */
export function ratios(figures: readonly number[], base: readonly number[]): number[] {
  return figures.map((figure, round) => figure / (base[round] ?? Number.NaN));
}
