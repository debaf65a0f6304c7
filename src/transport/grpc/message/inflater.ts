/**
 * Inflates compressed messages in Node's thread pool, so that they delay no other call. Connections take turns, and each has one
 * inflation at a time.
 */
import { createGunzip, createInflate } from 'node:zlib';
import { type CallFailure, grpcStatus } from '../status.ts';

/** A whole message that is compressed, and where its content goes. */
export interface CompressedMessage {
  readonly encoding: 'gzip' | 'deflate';
  readonly bytes: Buffer;
  /**
   * Adds the next piece of the content.
   *
   * @returns why the call fails, or undefined
   */
  readonly add: (piece: Buffer) => CallFailure | undefined;
  /** The message, or why the call fails. Call it after the last piece. */
  readonly finish: () => Buffer | CallFailure;
}

/** Called with the result of an inflation. */
export type OnInflated = (message: Buffer | CallFailure) => void;

/** Inflates a message at once. Calls the function later, and once. */
export type Inflate = (message: CompressedMessage, onInflated: OnInflated) => void;

/** The inflations of one connection. */
export interface Inflations {
  /**
   * Inflates a message when it is its turn.
   *
   * @returns a function that removes the message if it waits. A running inflation ends as usual.
   */
  readonly add: (message: CompressedMessage, onInflated: OnInflated) => () => void;
}

/** The inflations of all connections. */
export interface Inflater {
  /** Adds a connection. */
  readonly open: () => Inflations;
}

/** The inflations at once. Half of the thread pool stays free for others. */
const mostAtOnce = 2;

/** The inflated bytes that are read at once. Smaller pieces cost more, larger ones delay others. */
const chunkSize = 64 * 1024;

/** A connection. */
interface Queue {
  /** The messages that wait. */
  readonly jobs: Set<Job>;
  isRunning: boolean;
}

interface Job {
  readonly message: CompressedMessage;
  readonly onInflated: OnInflated;
}

/** Creates the inflations of a listener. @param inflate inflates one message */
export function createInflater(inflate: Inflate = inflateInThreadPool): Inflater {
  /** The connections with waiting messages and no running one, in the order of their turns. */
  const turns = new Set<Queue>();
  let running = 0;

  const run = (queue: Queue, job: Job) => {
    queue.jobs.delete(job);
    queue.isRunning = true;
    running++;
    inflate(job.message, (message) => {
      queue.isRunning = false;
      running--;
      if (queue.jobs.size > 0) turns.add(queue);
      takeTurns();
      job.onInflated(message);
    });
  };
  const takeTurns = () => {
    for (const queue of turns) {
      if (running >= mostAtOnce) return;
      turns.delete(queue);
      const [job] = queue.jobs;
      if (job !== undefined) run(queue, job);
    }
  };

  return {
    open: () => {
      const queue: Queue = { jobs: new Set(), isRunning: false };
      return {
        add: (message, onInflated) => {
          const job: Job = { message, onInflated };
          queue.jobs.add(job);
          if (!queue.isRunning) turns.add(queue);
          takeTurns();
          return () => queue.jobs.delete(job);
        },
      };
    },
  };
}

/** Inflates a message piece by piece, and stops at the first failure. */
function inflateInThreadPool(
  { encoding, bytes, add, finish }: CompressedMessage,
  onInflated: OnInflated,
): void {
  const stream = encoding === 'gzip' ? createGunzip({ chunkSize }) : createInflate({ chunkSize });
  stream.on('data', (piece: Buffer) => {
    const failure = add(piece);
    if (failure === undefined) return;
    stream.destroy();
    onInflated(failure);
  });
  stream.on('end', () => onInflated(finish()));
  stream.on('error', () => onInflated(notInflatable));
  stream.end(bytes);
}

const notInflatable: CallFailure = {
  status: grpcStatus.internal,
  message: 'the message cannot be decompressed',
};
