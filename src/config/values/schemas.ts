/**
 * The kinds of value an option can have. Each is a zod schema that reads the written form, gives the form
 * that the code works with, and carries as `title` the phrase that problems and docs use for it.
 */
import * as z from 'zod';
import { straySpaceProblem } from '../validate/stray-white-space.ts';
import { claimNameProblem, mostParts } from './claim-names.ts';
import { headerNamePattern, headerNameProblem, refusedNames } from './header-names.ts';
import { networkProblem } from './networks.ts';
import {
  durationPattern,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  sizePattern,
} from './units.ts';
import { writtenUrlPattern, writtenUrlProblem } from './urls.ts';

/** Bounds of a kind, in its written form. */
interface Range {
  readonly from: string;
  readonly to: string;
}

/** A duration such as `500ms`; milliseconds inside. */
export function duration({ from, to }: Range) {
  const [min, max] = [parseDuration(from), parseDuration(to)];
  return z
    .codec(z.string().regex(durationPattern), z.number().min(min).max(max), {
      decode: parseDuration,
      encode: formatDuration,
    })
    .meta({ title: `a duration such as 500ms, 30s or 5m, from ${from} to ${to}` });
}

/** A size such as `16Ki`; bytes inside. */
export function size({ from, to }: Range) {
  const [min, max] = [parseSize(from), parseSize(to)];
  return z
    .codec(z.union([z.string().regex(sizePattern), z.int().min(0)]), z.number().min(min).max(max), {
      decode: (written) => parseSize(String(written)),
      encode: formatSize,
    })
    .meta({ title: `a size such as 16Ki, 64Mi or a number of bytes, from ${from} to ${to}` });
}

/** A whole number within bounds. */
export function wholeNumber(from: number, to: number) {
  return z
    .int()
    .min(from)
    .max(to)
    .meta({ title: `a whole number from ${from} to ${to}` });
}

/** A whole number within bounds, or a word that stands for one. */
export function wholeNumberOr<const Word extends string>(from: number, to: number, word: Word) {
  return z
    .union([z.int().min(from).max(to), z.literal(word)])
    .meta({ title: `a whole number from ${from} to ${to}, or ${word}` });
}

/** true or false. */
export function flag() {
  return z.boolean().meta({ title: 'true or false' });
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(...words: Words) {
  return z.enum(words).meta({ title: `one of ${words.join(', ')}` });
}

/** A plain value that a claim can be compared with. */
function scalar() {
  return z.union([z.string(), z.number(), z.boolean()]).meta({ title: 'a string, a number or a boolean' });
}

/** A value that a claim must have, or a list of which it must have one. */
export function claimRequirement() {
  return z
    .union([scalar(), z.array(scalar()).min(1)])
    .meta({ title: 'a string, a number or a boolean, or a list of which one is needed' });
}

/** An IP address, or a network of them (CIDR, RFC 4632). */
export function network() {
  return withProblem(z.string(), networkProblem).meta({
    title: 'an IP address or a network such as 10.0.0.0/8',
    pattern: '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$',
  });
}

/** Text of one line that is not empty, without white space or what cannot be seen at its ends. */
export function text(title = 'text that is not empty') {
  // Editors and the chart ask the pattern, which knows of less in each of their languages.
  return withProblem(z.string().min(1), straySpaceProblem).meta({ pattern: '^\\S(.*\\S)?$', title });
}

/** Text that is not empty, of any number of lines. */
export function lines(title: string) {
  return z.string().min(1).meta({ title });
}

const nameOfClaim = 'the name of a claim';

/** What names a claim where only a text can stand, as on the left side of a value: a name, a dotted path, or a list as JSON. */
export function claimKey() {
  return withProblem(text(nameOfClaim), claimNameProblem).meta({ title: nameOfClaim });
}

/** What names a claim: a name, a dotted path, or the list of the names on the way to it. */
export function claimName() {
  return z
    .union([
      claimKey(),
      withProblem(z.array(lines(nameOfClaim)).min(1), claimNameProblem).meta({ maxItems: mostParts }),
    ])
    .meta({ title: 'the name of a claim, or a list of the names on the way to it' });
}

/** Text of printable ASCII, fit to stand in a quoted header parameter (RFC 9110 section 5.6.4); may be empty. */
export function quotable() {
  return z
    .string()
    .max(256)
    .regex(/^[\x20-\x7e]*$/)
    .meta({ title: 'printable ASCII text of at most 256 characters' });
}

/** An absolute http or https URL that keys or metadata may be fetched from. */
export function fetchUrl() {
  return withProblem(z.string(), writtenUrlProblem).meta({
    title: 'an https:// URL',
    pattern: writtenUrlPattern.source,
  });
}

/** The name of a header that may be set on or removed from the request to the upstream. */
export function headerName() {
  return withProblem(z.string().toLowerCase(), headerNameProblem).meta({
    title: 'a header name',
    pattern: headerNamePattern.source,
    maxLength: 128,
    not: { anyOf: [{ enum: [...refusedNames] }, { pattern: '^[Xx]-[Ee][Nn][Vv][Oo][Yy]-' }] },
  });
}

/** The name of a header that is only read (RFC 9110 section 5.1). */
export function anyHeaderName() {
  return z.string().regex(headerNamePattern).toLowerCase().meta({ title: 'a header name' });
}

/** A path of a file. */
export function filePath() {
  return text('the path of a file');
}

/** One scope token (RFC 6749 section 3.3). */
export function scopeToken() {
  return z
    .string()
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
    .meta({ title: 'a scope: printable ASCII without space, quote or backslash' });
}

/** Adds a check that says in its own words what is wrong. */
function withProblem<Schema extends z.ZodType>(
  schema: Schema,
  problemOf: (value: z.output<Schema>) => string | undefined,
): Schema {
  // Cheaper than `superRefine`, which a long deny list would feel.
  return schema.check(({ value, issues }) => {
    const message = problemOf(value);
    if (message !== undefined) issues.push({ code: 'custom', message, input: value, continue: true });
  });
}
