/** Keeps one connection to the store. A lost connection is replaced, with a growing pause. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { StateStatus } from '../state-store.ts';
import { pauseBefore } from './back-off.ts';
import type { Connect, Connecting, ValkeyClient } from './client.ts';
import { askTime, type Prove } from './prove.ts';
import { createStatus } from './status.ts';

/** A connection that is ready. */
export interface Linked {
  readonly client: ValkeyClient;
  /** The clock of the server minus the monotonic clock, in milliseconds. */
  readonly serverTime: number;
}

/** One connection at a time. */
export interface Link {
  /** The connection; undefined without one. */
  readonly current: () => Linked | undefined;
  readonly status: () => StateStatus;
  /** Calls a function at each new connection. */
  readonly onReady: (listener: (linked: Linked) => void) => void;
  /** Replaces a connection that is of no use. Does nothing if it is no longer the current one. */
  readonly drop: (linked: Linked, problem: string) => void;
  readonly stop: () => void;
}

/** The dependencies of a link. */
export interface LinkDependencies {
  readonly connect: Connect;
  /** Asks a new connection, to know that it is of use; for the time by default. */
  readonly prove?: Prove | undefined;
  readonly clock: Clock;
  /** Returns a number from 0 to 1, for jitter. */
  readonly random: () => number;
  readonly onStatus: (status: StateStatus) => void;
  /** An attempt to connect has ended. */
  readonly onAttempt: (isSuccess: boolean) => void;
}

/** Maximum time of an attempt, in milliseconds: name, TCP, TLS, password and one command. */
const attemptTimeout = 2_000;

/** A connection that lasted this long, in milliseconds, ends a row of failures. */
const stableAfter = 5_000;

/** Creates a link and starts to connect. */
export function createLink(dependencies: LinkDependencies): Link {
  const { connect, prove = askTime, clock, random, onStatus, onAttempt } = dependencies;
  const listeners: ((linked: Linked) => void)[] = [];
  let current: Linked | undefined;
  const status = createStatus(clock, onStatus);
  let failures = 0;
  let isStopped = false;
  let cancel = () => {};
  /** Ends the connection of the attempt that runs, or the current one. */
  let close = () => {};

  const retry = (problem: string) => {
    if (isStopped) return;
    status.away(problem);
    cancel = clock.after(pauseBefore(failures++, random()), attempt);
  };
  const attempt = () => {
    let opened: Connecting;
    try {
      opened = connect();
    } catch (error) {
      retry(error instanceof Error ? error.message : String(error));
      return;
    }
    const { client, connected, ended, server, explain } = opened;
    let isOver = false;
    const fail = (problem: string) => {
      if (isOver) return;
      isOver = true;
      cancel();
      client.close();
      onAttempt(false);
      retry(`${server}: ${problem}`);
    };
    close = () => {
      isOver = true;
      client.close();
    };
    cancel = clock.after(attemptTimeout, () => fail('the store does not answer'));
    void ended.then((error) => fail(explain(error)));
    connected
      .then(() => prove(client))
      .then((time) => {
        if (isOver) return;
        isOver = true;
        cancel();
        ready({ client, serverTime: time - clock.monotonic() }, opened);
      })
      .catch((error) => fail(explain(error)));
  };
  const ready = (linked: Linked, { ended, server, explain }: Connecting) => {
    current = linked;
    onAttempt(true);
    const since = clock.monotonic();
    const lost = (problem: string) => {
      if (current !== linked) return;
      current = undefined;
      linked.client.close();
      if (clock.monotonic() - since >= stableAfter) failures = 0;
      retry(`${server}: ${problem}`);
    };
    dropCurrent = lost;
    void ended.then((error) => lost(error === undefined ? 'the connection was closed' : explain(error)));
    status.ready();
    for (const listener of listeners) listener(linked);
  };
  let dropCurrent: (problem: string) => void = () => {};

  attempt();
  return {
    current: () => current,
    status: status.current,
    onReady: (listener) => void listeners.push(listener),
    drop: (linked, problem) => {
      if (current === linked) dropCurrent(problem);
    },
    stop: () => {
      isStopped = true;
      current = undefined;
      cancel();
      close();
    },
  };
}
