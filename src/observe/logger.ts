/** The log: JSON lines through pino; on a terminal, lines for people are made of them. */
import { isatty } from 'node:tty';
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import type { Clock } from '../runtime/time/clock.ts';
import { escapeUnseen } from './escape-invisible.ts';
import type { TextLogTarget } from './text-log.ts';

/** Where records go. */
export type Logger = PinoLogger;

/** The most that waits for a slow reader of the log, in bytes; beyond it records are dropped. */
const maxBufferedBytes = 8 * 1024 * 1024;

// Records are built from lists of allowed fields; this is the second net, should one ever slip through.
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

/** How long the end waits for a reader of the log that takes nothing, in milliseconds. */
const endTimeout = 1_000;

/** The log and its end. */
export interface Log {
  readonly logger: Logger;
  /** Writes what is still held back, unless nobody reads it, and takes no more. */
  readonly end: () => Promise<void>;
}

/** A pipe takes this much at once, or nothing of it (PIPE_BUF): lines of several processes do not get into each other. */
const maxWrittenAtOnce = 4_096;

/** How the log is written. */
export interface LogOptions {
  /** The least severe level that is written. */
  readonly level: string;
  /** As of `log.format`. */
  readonly format: 'auto' | 'json' | 'text';
}

/**
 * Opens the log on standard output.
 *
 * @param environment says whether people see colours
 * @param common fields of every record
 */
export function openLog(
  { level, format }: LogOptions,
  clock: Clock,
  environment: Readonly<Record<string, string | undefined>>,
  common: Readonly<Record<string, unknown>> = {},
): Log {
  // Asking for the stream makes a pipe non-blocking: a reader that takes nothing would hold a thread for ever.
  const { fd } = process.stdout;
  const destination = pino.destination({
    dest: fd,
    sync: false,
    maxLength: maxBufferedBytes,
    maxWrite: maxWrittenAtOnce,
  });
  // A disk that is full is no reason to stop guarding; what could not be written is tried again with the next record.
  destination.on('error', () => {});
  let hasEnded = false;
  const writeLine = (line: string) => !hasEnded && destination.write(line);
  const isTerminal = isatty(fd);
  const { write, written } =
    format === 'text' || (format === 'auto' && isTerminal)
      ? forPeople(writeLine, { isTerminal, environment })
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

/** Turns records into lines for people. What does it is loaded only here; until it is, records wait. */
function forPeople(
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

/** Makes a logger on any stream of lines. */
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
    { write: (line) => destination.write(escapeUnseen(line)) },
  );
}

/** An error without the fields that libraries hang on it: theirs can hold the claims of a token. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error).slice(0, 500) };
  return { type: error.name, message: error.message.slice(0, 500), stack: error.stack?.slice(0, 4_000) };
}
