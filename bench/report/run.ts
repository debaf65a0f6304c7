/** A run of the benchmarks: its circumstances and its results, stored as JSON. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Disturbance } from '../quiet.ts';
import type { Chart } from './chart.ts';
import type { Table } from './table.ts';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** The file of the run that `docs/performance.md` shows. */
export const storedRun = path('bench/results/run.json');

/** The file of the last run of a few groups, which git ignores. */
export const partialRun = path('.cache/bench/run.json');

/** A load that one core can answer. */
export interface Capacity {
  readonly name: string;
  /** CPU for one check, in microseconds. */
  readonly microseconds: number;
}

/** The results of a group. */
export interface Findings {
  readonly tables: readonly Table[];
  readonly charts?: readonly Chart[];
  readonly capacities?: readonly Capacity[];
}

/** A group in a run: its results, or why it was not measured. */
export interface GroupResult {
  readonly name: string;
  readonly title: string;
  readonly findings: Findings | { readonly missing: string };
  readonly disturbance: Disturbance;
  readonly seconds: number;
}

/** The commit, the machine and the amount of a run. */
export interface Circumstances {
  readonly commit: string;
  readonly version: string;
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly rounds: number;
  readonly count: number;
}

/** A run. */
export interface Run {
  readonly circumstances: Circumstances;
  readonly groups: readonly GroupResult[];
}

/** Collects the circumstances of this run. */
export function circumstances(rounds: number, count: number): Circumstances {
  const { version } = JSON.parse(readFileSync(path('package.json'), 'utf8'));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: path(''), encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
  return {
    commit: `${git('rev-parse', '--short=10', 'HEAD')}${changed ? ' with changes' : ''}`,
    version,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Linux ${release().split('-')[0]}`,
    node: process.versions.node,
    rounds,
    count,
  };
}

/** Stores a run. */
export function storeRun(file: string, run: Run): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(run, null, 2)}\n`);
}

/** Reads a stored run. */
export function readRun(file: string = storedRun): Run {
  return JSON.parse(readFileSync(file, 'utf8'));
}
