/** The deny list: a file that names tokens which are revoked before they expire. */
import * as z from 'zod';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';
import { dotted } from '../describe/option-list.ts';
import { ConfigError, type Problem } from '../validate/problems.ts';
import { text } from '../values/schemas.ts';
import { parseYaml } from './file.ts';

/** The claims that an entry can name (RFC 7519 section 4.1, OpenID Connect Front-Channel Logout, RFC 9068 section 2.2). */
const revocableClaims = ['jti', 'sub', 'sid', 'client_id'] as const;

/** A claim that an entry can name. */
export type RevocableClaim = (typeof revocableClaims)[number];

/** Revokes the tokens of an issuer that have every claim it names; with a time, those that were issued before it. */
export interface DenyListEntry {
  /** The exact `iss`. */
  readonly issuer: string;
  readonly claims: readonly (readonly [name: RevocableClaim, value: string])[];
  /** Seconds since the epoch. */
  readonly issuedBefore: number | undefined;
}

const time = z
  .union([
    z.number().positive(),
    z.iso.datetime({ offset: true }).transform((written) => Date.parse(written) / 1000),
  ])
  .meta({ title: 'a time such as 2026-11-24T12:00:00Z, or seconds since 1970' });

const entry = z
  .strictObject({
    issuer: text('the exact string of the `iss` claim'),
    jti: text().optional(),
    sub: text().optional(),
    sid: text().optional(),
    client_id: text().optional(),
    issuedBefore: time.optional(),
    note: z.string().optional(),
  })
  .refine(namesSomebody, {
    message: `expected one of ${revocableClaims.join(', ')}; an entry with none would revoke every token`,
    when: () => true,
  });

const entries = z.array(entry);
const file = z.strictObject({ entries }).transform((given) => given.entries);

/**
 * Reads a deny list: a list of entries in YAML or JSON, or `entries:` with that list. An empty document is neither.
 *
 * @param name how problems name the file
 * @throws ConfigError with every problem that was found
 */
export function readDenyList(text: string, name: string): readonly DenyListEntry[] {
  // JSON is read much faster, and a long list is read while checks wait; where something is wrong, YAML tells the line.
  const quick = validate(parsedJson(text));
  if (quick.success) return quick.data.map(toEntry);
  const { value, place } = parseYaml(text, name);
  // A file that was truncated looks like this; taken for a list, it would lift every revocation.
  if (value === null)
    throw new ConfigError([
      { path: '', source: name, message: 'the document is empty; write [] for a list without entries' },
    ]);
  const parsed = validate(value);
  if (parsed.success) return parsed.data.map(toEntry);
  throw new ConfigError(
    parsed.error.issues.map(
      (issue): Problem => ({
        path: dotted(issue.path),
        source: place(issue.path),
        message: messageOf(issue, valueAt(value, issue.path)),
      }),
    ),
  );
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(withoutByteOrderMark(text));
  } catch {
    return undefined;
  }
}

function validate(value: unknown) {
  return Array.isArray(value) ? entries.safeParse(value) : file.safeParse(value);
}

function toEntry(given: z.output<typeof entry>): DenyListEntry {
  return {
    issuer: given.issuer,
    issuedBefore: given.issuedBefore,
    claims: revocableClaims.flatMap((name) => {
      const wanted = given[name];
      return wanted === undefined ? [] : [[name, wanted] as const];
    }),
  };
}

/** Runs beside problems of single fields too; what is no entry at all has its own problem already. */
function namesSomebody(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return true;
  return revocableClaims.some((name) => (given as Record<string, unknown>)[name] !== undefined);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], value);
}

function messageOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'unrecognized_keys')
    return `unknown: ${issue.keys.join(', ')}; an entry has issuer, ${revocableClaims.join(', ')}, issuedBefore and note`;
  if (issue.path.at(-1) === 'issuedBefore')
    return 'expected a time such as 2026-11-24T12:00:00Z, or seconds since 1970';
  const isOfIssuer = issue.path.at(-1) === 'issuer';
  if (isOfIssuer && value === undefined)
    return 'this entry does not say whose tokens it revokes; write `issuer: https://…`, the exact `iss` of those tokens, beside the claim';
  const isField = typeof issue.path.at(-1) === 'string' && issue.path.at(-1) !== 'entries';
  return isField
    ? 'expected text that is not empty; put it in quotes if it looks like a number'
    : 'expected a list of entries, such as `- {issuer: https://idp.example.com, sub: alice}`';
}
