/** The log: JSON lines through pino. */
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

/** Where records go; a child of the service's one logger. */
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

/** The log and the way to be sure that it was written. */
export interface Log {
  readonly logger: Logger;
  /** Writes what is still held back. */
  readonly flush: () => void;
}

/** Opens the log on standard output. */
export function openLog(level: string): Log {
  const destination = pino.destination({ dest: 1, sync: false, maxLength: maxBufferedBytes });
  return { logger: createLogger(level, destination), flush: () => destination.flushSync() };
}

/** Makes a logger on any stream of lines. */
export function createLogger(level: string, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedFields, censor: '[redacted]' },
      serializers: { error: describeError },
    },
    destination,
  );
}

/** An error without the fields that libraries hang on it: theirs can hold the claims of a token. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error).slice(0, 500) };
  return { type: error.name, message: error.message.slice(0, 500), stack: error.stack?.slice(0, 4_000) };
}
