/** Reads a table of requests and the results that the rules must give. */
import * as z from 'zod';
import { reasons } from '../../model/reasons.ts';
import { dotted } from '../describe/option-list.ts';
import { zodOf } from '../schema/to-zod.ts';
import { ConfigError, type Problem, suggestion } from '../validate/problems.ts';
import { quoteValue } from '../values/quote-value.ts';
import { multilineText, text } from '../values/schemas.ts';
import { valueAt } from '../values/value-at.ts';

const header = z.union([z.string(), z.array(z.string()).min(1)]);

/** `login`: a denial that sends the browser to log in. */
const outcomes = ['allow', 'deny', 'error', 'login'] as const;
const reasonNames = Object.keys(reasons) as [keyof typeof reasons];

const request = z.strictObject({
  method: z.string().default('GET'),
  host: z.string().default(''),
  path: z.string().default('/'),
  headers: z.record(z.string(), header).default({}),
  /** For a check over gRPC. Absent: the path selects the policy. */
  policy: z.string().optional(),
});

const expected = z.strictObject({
  outcome: z.enum(outcomes).optional(),
  reason: z.enum(reasonNames).optional(),
  rule: zodOf(text()).optional(),
});

const test = z.strictObject({
  name: zodOf(multilineText('a name')),
  request: request.prefault({}),
  /** The name of the issuer that signed the token. Absent: the first issuer. */
  issuer: zodOf(text()).optional(),
  /** Claims of the token in addition to iss, aud, iat and exp. Absent: there is no token. */
  claims: z.record(z.string(), z.unknown()).optional(),
  /** Whether the claims are those of a signed-in person, and not of a token. */
  session: z.literal(true).optional(),
  expect: expected.refine(
    (of) => Object.values(of).some((value) => value !== undefined),
    'must have an outcome, a reason or a rule',
  ),
});

/** One test of the table. */
export type RuleTest = z.output<typeof test>;

/** The kind of value at each path, without the index of the test. */
const titles: Readonly<Record<string, string>> = {
  '': 'a list of tests, each with `name`, `request` and `expect`',
  '[]': 'a test: `name`, `request`, `claims` and `expect`',
  name: 'the name of the test',
  request: 'a mapping such as `{method: GET, path: /}`',
  'request.method': 'a method such as GET',
  'request.host': 'a host such as orders.example.com',
  'request.path': 'a path such as /orders/1',
  'request.headers': 'a mapping of header names to values',
  'request.policy': 'a policy name',
  issuer: 'the name of a configured issuer',
  claims: 'a mapping of claim names to values; `{}` for a token without more claims',
  session: 'true, or absent',
  expect: 'the expected result: `{outcome: allow}`, `{reason: rule_denied}` or `{rule: NAME}`',
  'expect.outcome': `one of ${outcomes.join(', ')}`,
  'expect.reason': 'a reason from docs/reasons.md',
  'expect.rule': 'a rule name, or none',
};

/** The known names in each part of a test. */
const names: Readonly<Record<string, readonly string[]>> = {
  '[]': Object.keys(test.shape),
  request: Object.keys(request.shape),
  expect: Object.keys(expected.shape),
};

/**
 * Reads a table.
 *
 * @param place returns where a path is in the file
 * @throws ConfigError with every problem
 */
export function readRuleTests(
  value: unknown,
  place: (path: readonly PropertyKey[]) => string,
): readonly RuleTest[] {
  const parsed = z.array(test).min(1).safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.flatMap((issue) => problemsOf(issue, value, place)));
}

function problemsOf(
  issue: z.core.$ZodIssue,
  value: unknown,
  place: (path: readonly PropertyKey[]) => string,
): Problem[] {
  const at = (path: readonly PropertyKey[], message: string): Problem => ({
    path: dotted(path),
    source: place(path),
    message,
  });
  if (issue.code === 'custom') return [at(issue.path, issue.message)];
  const known = names[partOf(issue.path)] ?? [];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const near = suggestion(key, known);
      return at(
        [...issue.path, key],
        `unknown name${near === '' ? `; the names are ${known.join(', ')}` : near}`,
      );
    });
  const found = valueAt(value, issue.path);
  const near = partOf(issue.path) === 'expect.reason' ? suggestion(String(found), reasonNames) : '';
  return [
    at(
      issue.path,
      found === undefined
        ? `missing; set it to ${titleOf(issue.path)}`
        : `must be ${titleOf(issue.path)}, got ${quoteValue(found)}${near}`,
    ),
  ];
}

/** The path within a test, without its index: `[]` for the test itself. */
function partOf(path: readonly PropertyKey[]): string {
  return path.length === 1 ? '[]' : path.slice(1).map(String).join('.');
}

function titleOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return titles[''] ?? '';
  return titles[partOf(path)] ?? titles[partOf(path.slice(0, -1))] ?? 'another value';
}
