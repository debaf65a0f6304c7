/** Runs the tests of mutants in copies of the repository, so that the working tree stays as it is. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Fate, type Mutant, mutate } from './mutant.ts';

const run = promisify(execFile);

/** The longest time for the tests of one mutant, in milliseconds: a mutant may loop for ever. */
const timeout = 240_000;

/** A copy of the repository. */
export interface Copy {
  /** Runs the tests of a mutant, and restores the source. */
  readonly judge: (mutant: Mutant) => Promise<Fate>;
  readonly remove: () => void;
}

interface Report {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/**
 * Copies a repository.
 *
 * @param root the repository, with its dependencies installed
 * @param files what belongs to the copy, below the root
 * @param folder where the copy is put; what is there is removed
 */
export function createCopy(root: string, files: readonly string[], folder: string): Copy {
  rmSync(folder, { recursive: true, force: true });
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  for (const shared of ['node_modules', '.cache']) symlinkSync(join(root, shared), join(folder, shared));

  const test = async ({ tests, project = 'quick' }: Mutant): Promise<Fate> => {
    const report = join(folder, 'report.json');
    rmSync(report, { force: true });
    const reporting = ['--reporter=json', `--outputFile=${report}`];
    const args = ['run', '--project', project, '--bail', '1', ...reporting, ...tests];
    const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
    const outcome = await run(process.execPath, [vitest, ...args], { cwd: folder, timeout }).catch(
      (error: Error) => error,
    );
    return fateOf(readReport(report), outcome instanceof Error ? outcome : undefined);
  };

  return {
    judge: async (mutant) => {
      const path = join(folder, mutant.file);
      const original = readFileSync(path, 'utf8');
      const mutated = mutate(original, mutant);
      if (mutated === undefined)
        return { kind: 'broken', why: 'the text to replace is not there exactly once' };
      writeFileSync(path, mutated);
      try {
        return await test(mutant);
      } finally {
        writeFileSync(path, original);
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function fateOf(report: Report | undefined, error: Error | undefined): Fate {
  // A mutant that never ends is noticed by whoever waits for the tests.
  if (error !== undefined && 'killed' in error && error.killed === true)
    return { kind: 'killed', by: `no end within ${timeout / 1000} s` };
  if (report === undefined) return { kind: 'broken', why: error?.message.slice(0, 500) ?? 'no report' };
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = results.find(({ status }) => status === 'failed');
  if (failed !== undefined) return { kind: 'killed', by: failed.fullName };
  const message = report.testResults.map((file) => file.message).find((text) => text !== '');
  if (error !== undefined || message !== undefined || report.numTotalTests === 0)
    return { kind: 'broken', why: (message ?? error?.message ?? 'no test ran').slice(0, 500) };
  return { kind: 'survived' };
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}
