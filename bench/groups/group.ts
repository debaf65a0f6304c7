/** A group of benchmarks that can run alone, and the forms of its results. */
import type { CpuOptions, CpuRow } from '../cpu.ts';
import { ratios, type Spread, spread } from '../measure.ts';
import type { Chart } from '../report/chart.ts';
import type { Capacity, Findings } from '../report/run.ts';
import { one, type Row, type Table } from '../report/table.ts';
import type { ServerPool } from '../server-pool.ts';
import type { TokenMint } from '../tokens.ts';

/** The input of a group. */
export interface Bench extends CpuOptions {
  readonly mint: TokenMint;
  /** The servers of the group, which are stopped after it. */
  readonly pool: ServerPool;
  /** Prints progress. */
  readonly say: (line: string) => void;
}

/** A group of benchmarks. */
export interface Group {
  readonly name: string;
  readonly title: string;
  readonly run: (bench: Bench) => Promise<Findings>;
}

/** Another program that a group needs is missing. */
export class MissingProgramError extends Error {}

/** The path of a program. @throws MissingProgramError */
export function required(
  name: string,
  found: { readonly path: string } | { readonly missing: string },
): string {
  if ('missing' in found) throw new MissingProgramError(`${name}: ${found.missing}`);
  return found.path;
}

/** CPU rows as a table. */
export function cpuTable(title: string, rows: readonly CpuRow[], note?: string): Table {
  return {
    title,
    here: 'µs, median (min to max)',
    rows: rows.map(({ name, costs, ratio, against, target }): Row => {
      const row = { name, ratio, against, here: rangeText(spread(costs)) };
      return target === undefined ? row : { ...row, target };
    }),
    ...(note !== undefined && { note }),
  };
}

/** The median and the range, with one decimal. */
export function rangeText({ median, min, max }: Spread): string {
  return `${one(median)} (${one(min)} to ${one(max)})`;
}

/** CPU rows as a chart of ratios to one case. */
export function cpuChart(file: string, title: string, rows: readonly CpuRow[], base: string): Chart {
  const baseCosts = rows.find(({ name }) => name === base)?.costs ?? [];
  const distinct = new Map(rows.map(({ name, costs }) => [name, costs]));
  return {
    file,
    title,
    unit: `CPU, relative to ${base}`,
    bars: [...distinct].map(([name, costs]) => ({
      name,
      value: spread(ratios(costs, baseCosts)).median,
      isOther: isOther(name),
    })),
  };
}

/** Whether a case is another program, for comparison. */
export function isOther(name: string): boolean {
  return /bare|raw|minimal|oauth2-proxy|jwt_authn|no authorization/.test(name);
}

/** The loads of some rows, as capacities of one core. */
export function capacitiesOf(rows: readonly CpuRow[], names: Readonly<Record<string, string>>): Capacity[] {
  return Object.entries(names).flatMap(([of, name]) => {
    const row = rows.find((one) => one.name === of);
    return row === undefined ? [] : [{ name, microseconds: spread(row.costs).median }];
  });
}
