/** Runs `oidc-authz explain` in this process. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import * as z from 'zod';
import { parseArguments } from '../../src/cli/arguments.ts';
import { loadManual } from '../../src/cli/commands.ts';
import { runExplain } from '../../src/cli/explain.ts';
import type { ExplainResult } from '../../src/tools/explain/result.ts';

const schemaFile = fileURLToPath(new URL('../../schema/explain.schema.json', import.meta.url));
const document = JSON.parse(readFileSync(schemaFile, 'utf8'));
const schema = z.fromJSONSchema(document);

/** The names of the steps in the JSON Schema. */
export const stepsOfSchema: readonly string[] = document.properties.steps.items.properties.step.enum;

/** Runs the command with arguments, and with a text as standard input. */
export function runExplainCommand(args: readonly string[], input = '', hasColors = false) {
  const bare = ['--tls', '--show-claims'];
  const line = parseArguments(['explain', ...args], (name) => bare.includes(name));
  const self = {
    program: 'test',
    environment: {},
    earlyHangups: { count: () => 0, stopCounting: () => {} },
    loadManual,
  };
  return runExplain({ argv: args, ...line }, self, () => input, hasColors);
}

/** Runs the command with JSON output, and checks the output against the JSON Schema. */
export async function explainAsJson(args: readonly string[], input = ''): Promise<ExplainResult> {
  const { output, problem } = await runExplainCommand([...args, '--output', 'json'], input);
  expect(problem).toBe('');
  const result: unknown = JSON.parse(output);
  expect(schema.safeParse(result).error).toBe(undefined);
  return result as ExplainResult;
}
