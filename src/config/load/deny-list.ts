/** Reads the deny list: a file with tokens that are revoked before they expire. */
import * as z from 'zod';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';
import { parseJson } from '../../runtime/parse-json.ts';
import { dotted } from '../describe/option-list.ts';
import { zodOf } from '../schema/to-zod.ts';
import { ConfigError, type Problem } from '../validate/problems.ts';
import { text } from '../values/schemas.ts';
import { valueAt } from '../values/value-at.ts';
import { parseYaml } from './file.ts';

/** Claims that an entry can name (RFC 7519 section 4.1, OpenID Connect Front-Channel Logout, RFC 9068 section 2.2). */
export const revocableClaims = ['jti', 'sub', 'sid', 'client_id'] as const;

/** A claim that an entry can name. */
export type RevocableClaim = (typeof revocableClaims)[number];

/** Revokes the tokens of an issuer that match every claim of the entry and, with a time, were issued before it. */
export interface DenyListEntry {
  /** The exact `iss`. */
  readonly issuer: string;
  readonly claims: readonly (readonly [name: RevocableClaim, value: string])[];
  /** Seconds since the epoch. */
  readonly issuedBefore: number | undefined;
  /** Its ID in the store that replicas share; absent for an entry of the file. */
  readonly id?: string | undefined;
}

const time = z
  .union([
    z.number().positive(),
    z.iso.datetime({ offset: true }).transform((written) => Date.parse(written) / 1000),
  ])
  .meta({ title: 'a time such as 2026-11-24T12:00:00Z, or seconds since 1970' });

const entry = z
  .strictObject({
    issuer: zodOf(text('the exact `iss` of the tokens')),
    jti: zodOf(text()).optional(),
    sub: zodOf(text()).optional(),
    sid: zodOf(text()).optional(),
    client_id: zodOf(text()).optional(),
    issuedBefore: time.optional(),
    note: z.string().optional(),
  })
  .refine(namesClaim, {
    message: `must have one of ${revocableClaims.join(', ')}; without any the entry would revoke every token`,
    when: () => true,
  });

const entries = z.array(entry);
const file = z.strictObject({ entries }).transform(({ entries }) => entries);

/**
 * Reads a deny list: a list of entries in YAML or JSON, or a mapping with the list as `entries`. An empty document is an error.
 *
 * @param name the file name for problems
 * @throws ConfigError with every problem
 */
export function readDenyList(text: string, name: string): readonly DenyListEntry[] {
  // Checks wait while a list is read, and JSON is much faster. YAML gives the line numbers of an invalid file.
  const quick = validate(parsedJson(text));
  if (quick.success) return quick.data.map(toEntry);
  const { value, place } = parseYaml(text, name);
  // A truncated file can be empty. As an empty list, it would make every revoked token valid again.
  if (value === null)
    throw new ConfigError([
      { path: '', source: name, message: 'the file is empty; write [] for a list without entries' },
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

/**
 * Reads one entry.
 *
 * @returns the entry with its note, or the first problem
 */
export function readDenyListEntry(
  value: unknown,
): { readonly entry: DenyListEntry; readonly note: string | undefined } | { readonly problem: string } {
  const parsed = entry.safeParse(value);
  if (parsed.success) return { entry: toEntry(parsed.data), note: parsed.data.note };
  const [issue] = parsed.error.issues;
  if (issue === undefined || issue.path.length === 0)
    return { problem: issue === undefined ? 'must be an entry' : messageOf(issue, value) };
  return { problem: `${dotted(issue.path)}: ${messageOf(issue, valueAt(value, issue.path))}` };
}

function parsedJson(text: string): unknown {
  try {
    return parseJson(withoutByteOrderMark(text));
  } catch {
    return undefined;
  }
}

function validate(value: unknown) {
  return Array.isArray(value) ? entries.safeParse(value) : file.safeParse(value);
}

function toEntry(parsed: z.output<typeof entry>): DenyListEntry {
  return {
    issuer: parsed.issuer,
    issuedBefore: parsed.issuedBefore,
    claims: revocableClaims.flatMap((name) => {
      const wanted = parsed[name];
      return wanted === undefined ? [] : [[name, wanted] as const];
    }),
  };
}

/** Also runs if single fields are invalid. Another problem already reports a value that is not an entry. */
function namesClaim(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return revocableClaims.some((name) => (value as Record<string, unknown>)[name] !== undefined);
}

function messageOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'unrecognized_keys')
    return `unknown name: ${issue.keys.join(', ')}; an entry can have issuer, ${revocableClaims.join(', ')}, issuedBefore and note`;
  if (issue.path.at(-1) === 'issuedBefore')
    return 'must be a time such as 2026-11-24T12:00:00Z, or seconds since 1970';
  const isOfIssuer = issue.path.at(-1) === 'issuer';
  if (isOfIssuer && value === undefined)
    return 'the issuer is missing; write `issuer: https://…`, the exact `iss` of the tokens, next to the claim';
  const isField = typeof issue.path.at(-1) === 'string' && issue.path.at(-1) !== 'entries';
  return isField
    ? 'must be a non-empty string; put it in quotes if it looks like a number'
    : 'must be a list of entries, such as `- {issuer: https://idp.example.com, jti: 4f1c2b}`';
}
