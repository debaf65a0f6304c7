/** Converts JSON records of the log to text lines. */
import { unicodeEscapes } from '../config/values/quote-value.ts';

/** The destination of the lines. It decides about colors. */
export interface TextLogTarget {
  readonly isTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

type Paint = (text: string, ...codes: readonly number[]) => string;

/** SGR parameters (ECMA-48 section 8.3.117). */
const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35 } as const;

const levelCodes: Readonly<Record<string, readonly number[]>> = {
  fatal: [codes.bold, codes.red],
  error: [codes.red],
  warn: [codes.yellow],
  info: [codes.green],
  debug: [codes.blue],
  trace: [codes.dim],
};

const valueCodes: Readonly<Record<string, readonly number[]>> = {
  allow: [codes.green],
  deny: [codes.yellow],
  error: [codes.red],
};

/** Control, invisible and bidirectional characters, which could act on the terminal or hide text. */
const unsafe = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Whether lines have colors. FORCE_COLOR comes first, as in Node.js; then NO_COLOR, TERM and the terminal. An empty variable counts as unset. */
function hasColours({ isTerminal, environment }: TextLogTarget): boolean {
  const { FORCE_COLOR: forced = '', NO_COLOR: none = '', TERM: term } = environment;
  if (forced !== '') return !['0', 'false'].includes(forced);
  return isTerminal && none === '' && term !== 'dumb';
}

/** Creates the function that converts one JSON line to a text line. */
export function createTextLog(target: TextLogTarget): (line: string) => string {
  const paint: Paint = hasColours(target)
    ? (text, ...sgr) => (sgr.length === 0 ? text : `\x1b[${sgr.join(';')}m${text}\x1b[0m`)
    : (text) => text;
  return (line) => {
    const { time, level, msg, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const name = String(level);
    const texts = Object.entries(fields).flatMap(([key, value]) => field(key, value, paint));
    const parts = [
      paint(timeOfDay(String(time)), codes.dim),
      paint(name.toUpperCase().padEnd(5), ...(levelCodes[name] ?? [])),
      escaped(String(msg ?? '')),
      ...texts,
    ];
    return `${parts.join(' ')}\n`;
  };
}

/** The local time of day, to the millisecond. */
function timeOfDay(time: string): string {
  const date = new Date(time);
  const two = (number: number) => String(number).padStart(2, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** One field, or nothing if it is empty. */
function field(key: string, value: unknown, paint: Paint): string[] {
  if (value === undefined || value === null || value === '') return [];
  const colours = key === 'outcome' ? valueCodes[String(value)] : undefined;
  return [`${paint(`${escaped(key)}=`, codes.dim)}${paint(written(key, value), ...(colours ?? []))}`];
}

function written(key: string, value: unknown): string {
  if (key === 'error' && isError(value)) {
    const { type = 'Error', message, stack } = value;
    return quoted([`${type}: ${message}`, ...firstFrame(stack)].join(' '));
  }
  if (typeof value === 'string') return isPlain(value) ? value : quoted(value);
  return escaped(JSON.stringify(value));
}

function isError(value: unknown): value is { type?: string; message: string; stack?: string } {
  return typeof value === 'object' && value !== null && 'message' in value;
}

/** The first frame of a stack. The JSON format has the whole stack. */
function firstFrame(stack: string | undefined): string[] {
  return (/^ *at .*$/m.exec(stack ?? '') ?? []).map((frame) => frame.trim());
}

/** Whether a value can be read without quotes around it. */
function isPlain(value: string): boolean {
  return /^[^\s"=\\]+$/.test(value) && escaped(value) === value;
}

function quoted(text: string): string {
  return escaped(JSON.stringify(text));
}

/** Writes unsafe characters as `\uXXXX`. */
function escaped(text: string): string {
  return text.replaceAll(unsafe, unicodeEscapes);
}
