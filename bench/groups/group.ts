/** A group of benchmarks that can run alone, and its tables and charts. */
import type { CpuOptions, CpuRow } from '../cpu.ts';
import type { TokenMint } from '../tokens.ts';

/** The input of a group. */
export interface Bench extends CpuOptions {
  readonly mint: TokenMint;
  /** Prints progress. */
  readonly say: (line: string) => void;
}

/** A table of figures. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly note?: string;
}

/** A bar chart. */
export interface Chart {
  readonly file: string;
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly { readonly name: string; readonly value: number; readonly isLimit: boolean }[];
}

/** The results of a group. */
export interface Findings {
  readonly tables: readonly Table[];
  readonly charts?: readonly Chart[];
}

/** A group of benchmarks. */
export interface Group {
  readonly name: string;
  readonly title: string;
  readonly run: (bench: Bench) => Promise<Findings>;
}

/** Formats CPU rows as a table, each with its ratio and whether its target was met. */
export function cpuTable(title: string, rows: readonly CpuRow[], note?: string): Table {
  return {
    title,
    columns: [
      'case',
      'µs, median (min to max)',
      'ratio, median (min to max)',
      'relative to',
      'target',
      'result',
    ],
    rows: rows.map(({ name, cost, ratio, against, target }) => [
      name,
      `${one(cost.median)} (${one(cost.min)} to ${one(cost.max)})`,
      name === against ? '1' : `${two(ratio.median)} (${two(ratio.min)} to ${two(ratio.max)})`,
      name === against ? '' : against,
      target === undefined ? '' : `≤ ${target}`,
      target === undefined ? '' : verdict(ratio.median <= target),
    ]),
    ...(note !== undefined && { note }),
  };
}

/** Whether a target was met, in a word. */
export function verdict(isMet: boolean): string {
  return isMet ? 'met' : '**not met**';
}

/** Formats CPU rows as a chart. */
export function cpuChart(file: string, title: string, rows: readonly CpuRow[]): Chart {
  const isLimit = (name: string) => /^(bare|raw|minimal)/.test(name);
  return {
    file,
    title,
    unit: 'µs of CPU per request',
    bars: rows.map(({ name, cost }) => ({ name, value: cost.median, isLimit: isLimit(name) })),
  };
}

/** A number with one decimal. */
export function one(value: number): string {
  return value.toFixed(1);
}

/** A number with two decimals. */
export function two(value: number): string {
  return value.toFixed(2);
}
