/** Runs the tests of mutants in copies of the repository, so the working tree does not change. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { type FailedTest, type Mutant, type MutantResult, mutate } from './mutant.ts';

const execute = promisify(execFile);

/** The longest time for the tests of one mutant, in milliseconds. A mutant can loop without end. */
const mutantTimeout = 240_000;

/** The longest time for the tests of many mutants together, in milliseconds. */
const confirmTimeout = 900_000;

/** A copy of the repository. */
export interface Copy {
  /** Runs the tests of a mutant, and restores the source. */
  readonly judge: (mutant: Mutant) => Promise<MutantResult>;
  /** Runs test files of one project without a mutant. Returns the failed tests, or why no test finished. */
  readonly failing: (tests: readonly string[], project: Project) => Promise<readonly FailedTest[] | string>;
}

type Project = NonNullable<Mutant['project']>;

/** The vitest projects of the tests: long tests without sockets are a project of their own. */
const vitestProjects: Readonly<Record<Project, readonly string[]>> = {
  quick: ['--project=quick', '--project=thorough'],
  live: ['--project=live'],
};

interface Report {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/**
 * Copies a repository.
 *
 * @param root the repository, with its dependencies installed
 * @param files the files to copy, relative to the root
 * @param folder the folder of the copy; its content is removed first
 */
export function createCopy(root: string, files: readonly string[], folder: string): Copy {
  rmSync(folder, { recursive: true, force: true });
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  for (const shared of ['node_modules', '.cache']) symlinkSync(join(root, shared), join(folder, shared));

  const run = async (
    tests: readonly string[],
    project: Project,
    timeout: number,
    ...more: readonly string[]
  ): Promise<Run> => {
    const path = join(folder, 'report.json');
    rmSync(path, { force: true });
    const reporting = ['--reporter=json', `--outputFile=${path}`];
    const args = ['run', ...vitestProjects[project], ...more, ...reporting, ...tests];
    const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
    const outcome = await execute(process.execPath, [vitest, ...args], { cwd: folder, timeout }).catch(
      (error: Error) => error,
    );
    return { report: readReport(path), error: outcome instanceof Error ? outcome : undefined };
  };

  return {
    judge: async (mutant) => {
      const path = join(folder, mutant.file);
      const original = readFileSync(path, 'utf8');
      const mutated = mutate(original, mutant);
      if (mutated === undefined)
        return { kind: 'broken', why: 'the text to replace does not occur exactly once' };
      writeFileSync(path, mutated);
      try {
        return resultOf(
          await run(mutant.tests, mutant.project ?? 'quick', mutantTimeout, '--bail', '1'),
          folder,
        );
      } finally {
        writeFileSync(path, original);
      }
    },
    failing: async (tests, project) => {
      const outcome = await run(tests, project, confirmTimeout);
      return problemOf(outcome, isTimeout(outcome.error)) ?? failedIn(outcome.report, folder);
    },
  };
}

/** The result of a run of vitest. */
interface Run {
  readonly report: Report | undefined;
  readonly error: Error | undefined;
}

function resultOf(outcome: Run, folder: string): MutantResult {
  const { report, error } = outcome;
  // A timeout of the tests also detects the mutant.
  if (isTimeout(error)) return { kind: 'killed', by: undefined };
  const [failed] = failedIn(report, folder);
  if (failed !== undefined) return { kind: 'killed', by: failed };
  const why = problemOf(outcome, error !== undefined);
  return why === undefined ? { kind: 'survived' } : { kind: 'broken', why };
}

/** Whether the tests timed out. */
function isTimeout(error: Error | undefined): boolean {
  return error !== undefined && 'killed' in error && error.killed === true;
}

function failedIn(report: Report | undefined, folder: string): readonly FailedTest[] {
  return (report?.testResults ?? []).flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => ({ name: fullName, file: relative(folder, name) })),
  );
}

/**
 * Why not all tests finished; undefined if they did.
 *
 * @param hasFailed whether an error of vitest counts; it also has one if a test fails
 */
function problemOf({ report, error }: Run, hasFailed: boolean): string | undefined {
  if (report === undefined) return error?.message.slice(0, 500) ?? 'no report';
  const message = report.testResults.map((file) => file.message).find((text) => text !== '');
  if (hasFailed || message !== undefined || report.numTotalTests === 0)
    return (message ?? error?.message ?? 'no test ran').slice(0, 500);
  return undefined;
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}
