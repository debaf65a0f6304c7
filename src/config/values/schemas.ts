/**
 * The kinds of value that an option can have. Each is a schema that validates the written form and converts it to the
 * form for the code. Its `title` is the phrase after "must be" in problems, and the type in the docs.
 */
import type { ZodType } from 'zod';
import { type Output, type Schema, z } from '../schema/schema.ts';
import { straySpaceProblem } from '../validate/stray-white-space.ts';
import { claimNameProblem, mostParts } from './claim-names.ts';
import { forbiddenNames, headerNamePattern, headerNameProblem } from './header-names.ts';
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

/** Bounds in their written form. */
interface Range {
  readonly from: string;
  readonly to: string;
}

/** A duration such as `500ms`; parsed to milliseconds. */
export function duration({ from, to }: Range) {
  const [min, max] = [parseDuration(from), parseDuration(to)];
  return z
    .codec(z.string().regex(durationPattern), z.number().min(min).max(max), {
      decode: parseDuration,
      encode: formatDuration,
    })
    .meta({ title: `a duration such as 500ms, 30s or 5m, from ${from} to ${to}` });
}

/** A size such as `16Ki`; parsed to bytes. */
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

/** A share: a number from 0 to 1. */
export function share() {
  return z.number().min(0).max(1).meta({ title: 'a number from 0 to 1' });
}

/** A whole number within bounds, or a keyword. */
export function wholeNumberOr<const Word extends string>(from: number, to: number, word: Word) {
  return z
    .union([z.int().min(from).max(to), z.literal(word)])
    .meta({ title: `a whole number from ${from} to ${to}, or ${word}` });
}

/** true or false. */
export function boolean() {
  return z.boolean().meta({ title: 'true or false' });
}

/** One of a list of words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(...words: Words) {
  return z
    .enum(words)
    .meta({ title: words.length === 1 ? `the word ${words[0]}` : `one of ${words.join(', ')}` });
}

/** A scalar value to compare a claim with. */
function scalar() {
  return z.union([z.string(), z.number(), z.boolean()]).meta({ title: 'a string, a number or a boolean' });
}

/** A value that a claim must have, or a list of accepted values. */
export function claimRequirement() {
  return z
    .union([scalar(), z.array(scalar()).min(1)])
    .meta({ title: 'a string, a number or a boolean, or a list of accepted values' });
}

/** An IP address, or a network of them (CIDR, RFC 4632). */
export function network() {
  return withProblem(z.string(), networkProblem).meta({
    title: 'an IP address or a network such as 10.0.0.0/8',
    pattern: '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$',
  });
}

/** A non-empty line of text, without white space or invisible characters at its ends. */
export function text(title = 'a non-empty string') {
  // Editors and the chart use this pattern. It covers fewer kinds of white space, because their regular expressions are simpler.
  return withProblem(z.string().min(1), straySpaceProblem).meta({ pattern: '^\\S(.*\\S)?$', title });
}

/** Non-empty text of any number of lines. */
export function multilineText(title: string) {
  return z.string().min(1).meta({ title });
}

const nameOfClaim = 'a claim name';

/** A claim name that must be a text, such as a mapping name: a name, a dotted path, or a JSON list. */
export function claimKey() {
  return withProblem(text(nameOfClaim), claimNameProblem).meta({ title: nameOfClaim });
}

/** A claim name: a name, a dotted path, or a list with the name at each level. */
export function claimName() {
  return z
    .union([
      claimKey(),
      withProblem(z.array(multilineText(nameOfClaim)).min(1), claimNameProblem).meta({ maxItems: mostParts }),
    ])
    .meta({ title: 'a claim name, or a list with the name at each level' });
}

/** Printable ASCII text for a quoted header parameter (RFC 9110 section 5.6.4); may be empty. */
export function quotableText() {
  return z
    .string()
    .max(256)
    .regex(/^[\x20-\x7e]*$/)
    .meta({ title: 'printable ASCII text of at most 256 characters' });
}

/** An absolute http or https URL to fetch keys or metadata from. */
export function fetchUrl() {
  return withProblem(z.string(), writtenUrlProblem).meta({
    title: 'an https:// URL',
    pattern: writtenUrlPattern.source,
  });
}

/** The name of a header to set or remove on the upstream request. */
export function headerName() {
  return withProblem(z.string().toLowerCase(), headerNameProblem).meta({
    title: 'a header name',
    pattern: headerNamePattern.source,
    maxLength: 128,
    not: { anyOf: [{ enum: [...forbiddenNames] }, { pattern: '^[Xx]-[Ee][Nn][Vv][Oo][Yy]-' }] },
  });
}

/** The name of a header that is only read (RFC 9110 section 5.1). */
export function anyHeaderName() {
  return z.string().regex(headerNamePattern).toLowerCase().meta({ title: 'a header name' });
}

/** The path of a file. */
export function filePath() {
  return text('a file path');
}

/** One scope token (RFC 6749 section 3.3). */
export function scopeToken() {
  return z
    .string()
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
    .meta({ title: 'a scope: printable ASCII without space, quote or backslash' });
}

/** Adds a check with its own message. */
function withProblem<Z extends ZodType>(
  schema: Schema<Z>,
  problemOf: (value: Output<Schema<Z>>) => string | undefined,
): Schema<Z> {
  // Faster than `superRefine`, which matters for a long deny list.
  return schema.check(({ value, issues }) => {
    const message = problemOf(value);
    if (message !== undefined) issues.push({ code: 'custom', message, input: value, continue: true });
  });
}
