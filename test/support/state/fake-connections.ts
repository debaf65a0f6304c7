/** Connections to a server that the test plays. */

import type { Argument, Connect } from '../../../src/state/valkey/client.ts';
import { failureOf } from '../../../src/state/valkey/failures.ts';

/** A connection of the code under test. */
export interface FakeConnection {
  readonly open: () => void;
  /** Connects, and answers the first command, which asks for the time. */
  readonly accept: () => void;
  readonly refuse: (error: Error) => void;
  /** Ends the connection from the other side. */
  readonly end: (error?: Error) => void;
  /** The commands that wait for an answer, as text. */
  readonly waiting: () => readonly string[];
  /** Answers the oldest command that waits. An error rejects it. */
  readonly answer: (value: unknown) => void;
  readonly isClosed: () => boolean;
}

/** A server. */
export interface FakeServer {
  readonly connect: Connect;
  /** Every connection so far. */
  readonly connections: readonly FakeConnection[];
  readonly last: () => FakeConnection;
}

/** The error of a server. */
export function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

/** Creates a server. @param seconds its clock, since the epoch */
export function createFakeServer(seconds = 1_000): FakeServer {
  const connections: FakeConnection[] = [];
  const connect: Connect = () => {
    const connected = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<unknown>();
    const queue: { text: string; resolve: (value: unknown) => void; reject: (error: unknown) => void }[] = [];
    let isClosed = false;
    const end = (error: Error | undefined) => {
      ended.resolve(error);
      for (const { reject } of queue.splice(0)) reject(error ?? new Error('Connection is closed.'));
    };
    connections.push({
      open: connected.resolve,
      accept: () => {
        connected.resolve();
        setImmediate(() => queue.shift()?.resolve([String(seconds), '500000']));
      },
      refuse: (error) => {
        connected.reject(error);
        end(error);
      },
      end,
      waiting: () => queue.map(({ text }) => text),
      answer: (value) => {
        const asked = queue.shift();
        if (value instanceof Error) asked?.reject(value);
        else asked?.resolve(value);
      },
      isClosed: () => isClosed,
    });
    return {
      client: {
        call: (command, ...args: readonly Argument[]) =>
          new Promise((resolve, reject) =>
            queue.push({ text: [command, ...args].join(' '), resolve, reject }),
          ),
        close: () => {
          isClosed = true;
        },
      },
      server: 'store:6379',
      explain: (error) => (error === undefined ? 'closed' : failureOf(error).message),
      connected: connected.promise,
      ended: ended.promise,
    };
  };
  return {
    connect,
    connections,
    last: () => {
      const last = connections.at(-1);
      if (last === undefined) throw new Error('there is no connection');
      return last;
    },
  };
}
