/** A table of requests with what rules must make of them. */
import * as z from 'zod';
import { reasons } from '../check/reasons.ts';
import { lines, text } from './kinds.ts';
import { dotted } from './leaves.ts';
import { ConfigError } from './problems.ts';

const header = z.union([z.string(), z.array(z.string()).min(1)]);

const test = z.strictObject({
  name: lines('a name'),
  request: z
    .strictObject({
      method: z.string().default('GET'),
      host: z.string().default(''),
      path: z.string().default('/'),
      headers: z.record(z.string(), header).default({}),
      /** Of a check over gRPC; absent: the path says it. */
      policy: z.string().optional(),
    })
    .prefault({}),
  /** The name of the issuer that signed the token; absent: the first. */
  issuer: text().optional(),
  /** Of the token, beyond iss, aud, iat and exp; absent: there is no token. */
  claims: z.record(z.string(), z.unknown()).optional(),
  expect: z
    .strictObject({
      outcome: z.enum(['allow', 'deny', 'error']).optional(),
      reason: z.enum(Object.keys(reasons) as [keyof typeof reasons]).optional(),
      rule: text().optional(),
    })
    .refine(
      (expected) => Object.values(expected).some((value) => value !== undefined),
      'expected an outcome, a reason or a rule',
    ),
});

/** One test of the table. */
export type RuleTest = z.output<typeof test>;

/**
 * Reads a table.
 *
 * @param place where in the file a path is
 * @throws ConfigError with every problem that was found
 */
export function readRuleTests(
  value: unknown,
  place: (path: readonly PropertyKey[]) => string,
): readonly RuleTest[] {
  const parsed = z.array(test).min(1).safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    parsed.error.issues.map((issue) => ({
      path: dotted(issue.path),
      source: place(issue.path),
      message: issue.message,
    })),
  );
}
