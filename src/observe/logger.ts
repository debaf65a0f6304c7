/** The log: JSON lines written by pino, converted to text on a terminal. */
import { isatty } from 'node:tty';
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import type { Clock } from '../runtime/time/clock.ts';
import { escapeInvisible } from './escape-invisible.ts';
import type { TextLogTarget } from './text-log.ts';

/** Writes records. */
export type Logger = PinoLogger;

/** Maximum number of bytes that are buffered for a slow reader of the log. Further records are dropped. */
const maxBufferedBytes = 8 * 1024 * 1024;

// Records are built from lists of allowed fields. This redaction is a second protection.
const redactedFields = [
  'authorization',
  'cookie',
  'token',
  'headers',
  '*.authorization',
  '*.cookie',
  '*.token',
  '*.headers',
];

/** How long shutdown waits for a blocked reader of the log, in milliseconds. */
const endTimeout = 1_000;

/** The log. */
export interface Log {
  readonly logger: Logger;
  /** Writes the buffered records, unless the reader is blocked. Later records are dropped. */
  readonly end: () => Promise<void>;
}

/** PIPE_BUF: a write of this size is atomic, so lines of several processes do not mix. */
const maxWrittenAtOnce = 4_096;

/** The options of the log. */
export interface LogOptions {
  /** The lowest level that is written. */
  readonly level: string;
  /** `log.format`. */
  readonly format: 'auto' | 'json' | 'text';
}

/**
 * Opens the log on standard output.
 *
 * @param environment decides about colours (FORCE_COLOR, NO_COLOR, TERM)
 * @param common fields of every record
 */
export function openLog(
  { level, format }: LogOptions,
  clock: Clock,
  environment: Readonly<Record<string, string | undefined>>,
  common: Readonly<Record<string, unknown>> = {},
): Log {
  // Reading `process.stdout` makes a pipe non-blocking. A blocking one would hold a thread while its reader is blocked.
  const { fd } = process.stdout;
  const destination = pino.destination({
    dest: fd,
    sync: false,
    maxLength: maxBufferedBytes,
    maxWrite: maxWrittenAtOnce,
  });
  // A full disk must not stop checks. The failed write is repeated with the next record.
  destination.on('error', () => {});
  let hasEnded = false;
  const writeLine = (line: string) => !hasEnded && destination.write(line);
  const isTerminal = isatty(fd);
  const { write, written } =
    format === 'text' || (format === 'auto' && isTerminal)
      ? asText(writeLine, { isTerminal, environment })
      : { write: writeLine, written: Promise.resolve() };
  const end = async () => {
    await written;
    await new Promise<void>((resolve) => {
      hasEnded = true;
      const cancel = clock.after(endTimeout, resolve);
      destination.once('close', () => {
        cancel();
        resolve();
      });
      destination.end();
    });
  };
  return { logger: createLogger(level, { write }, common), end };
}

/** Converts records to text. The converter is loaded on demand; until then, records are buffered. */
function asText(
  writeLine: (line: string) => void,
  target: TextLogTarget,
): { readonly write: (line: string) => void; readonly written: Promise<void> } {
  const waiting: string[] = [];
  let write = (line: string): void => void waiting.push(line);
  const written = import('./text-log.ts').then(({ createTextLog }) => {
    const toText = createTextLog(target);
    write = (line) => writeLine(toText(line));
    for (const line of waiting) write(line);
  });
  return { write: (line) => write(line), written };
}

/** Creates a logger that writes to a stream of lines. */
export function createLogger(
  level: string,
  destination: DestinationStream,
  common: Readonly<Record<string, unknown>> = {},
): Logger {
  return pino(
    {
      level,
      base: common,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedFields, censor: '[redacted]' },
      serializers: { error: describeError },
    },
    { write: (line) => destination.write(escapeInvisible(line)) },
  );
}

/** An error without the extra fields of libraries, which can contain claims of a token. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error).slice(0, 500) };
  return { type: error.name, message: error.message.slice(0, 500), stack: error.stack?.slice(0, 4_000) };
}
