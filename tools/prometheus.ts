/** promtool and Prometheus, out of Debian's package. */
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { debianProgram, type FoundProgram } from './programs.ts';

const run = promisify(execFile);

/** Looks for promtool; fetches it if need be. */
export function findPromtool(): Promise<FoundProgram> {
  return debianProgram('usr/bin/promtool', ['prometheus']);
}

/** Looks for Prometheus; fetches it if need be. */
export function findPrometheus(): Promise<FoundProgram> {
  return debianProgram('usr/bin/prometheus', ['prometheus']);
}

/** Runs promtool; gives what it said and whether it was content. */
export async function promtool(
  program: string,
  args: readonly string[],
): Promise<{ readonly ok: boolean; readonly output: string }> {
  try {
    const { stdout, stderr } = await run(program, [...args], { maxBuffer: 16 * 1024 * 1024 });
    return { ok: true, output: stdout + stderr };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, output: stdout + stderr };
  }
}

/** One unit test of rules: series as promtool writes them, and what an expression must give at a time. */
export interface RuleTest {
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  readonly expression: string;
  readonly samples: readonly { readonly labels: string; readonly value: number }[];
}

/** Runs a unit test of rules. */
export function testRules(program: string, rules: string, { series, at, expression, samples }: RuleTest) {
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-rules-')), 'test.json');
  const test = {
    interval: '1m',
    input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
    promql_expr_test: [{ expr: expression, eval_time: at, exp_samples: samples }],
  };
  writeFileSync(file, JSON.stringify({ rule_files: [rules], evaluation_interval: '1m', tests: [test] }));
  return promtool(program, ['test', 'rules', file]);
}
