/** The feeds of a process: streams that it follows on one connection of its own, because a read waits for new entries. */
import type { Clock } from '../../runtime/time/clock.ts';
import { sleep } from '../../runtime/time/deadline.ts';
import type { StateEvents } from '../state-events.ts';
import type { Feed, StateStore } from '../state-store.ts';
import { bounded } from './bounded.ts';
import type { Argument } from './client.ts';
import { failureOf } from './failures.ts';
import { createFeedReader, type FeedReader } from './feed-reader.ts';
import { createLink, type Link, type Linked } from './link.ts';
import type { Nodes } from './nodes.ts';
import { createOwnEntries } from './own-entries.ts';
import type { Run } from './run.ts';
import { addEntry } from './scripts.ts';
import type { ValkeyConfig } from './valkey-config.ts';

/** The feeds. */
export interface Feeds {
  readonly open: StateStore['feed'];
  readonly stop: () => void;
}

/** The dependencies. */
export interface FeedsDependencies {
  readonly options: Pick<ValkeyConfig, 'prefix' | 'timeout'>;
  readonly nodes: Nodes;
  readonly run: Run;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: StateEvents;
}

/** Sends a command on the connection of the feeds, and waits at most for a time in milliseconds. */
type Call = (wait: number, command: string, ...args: readonly Argument[]) => Promise<unknown>;

/** How long a read waits for an entry at the server, in milliseconds. */
const block = 2_000;

/** Maximum number of entries of one answer. */
const count = 500;

/** Creates no feeds yet. It connects at the first one. */
export function createFeeds(dependencies: FeedsDependencies): Feeds {
  const { options, nodes, run, clock, random, events } = dependencies;
  // One hash tag, so that all feeds are on the same server of a cluster.
  const keyOf = (name: string) => `${options.prefix}:{feed}:${name}`;
  const readers = new Map<string, FeedReader>();
  let follower: Link | undefined;
  let isStopped = false;

  /** Looks whether a stream was removed, while no entry comes. @returns whether all are in their place */
  const checkPlaces = async (reading: readonly FeedReader[], call: Call): Promise<boolean> => {
    let areInPlace = true;
    for (const reader of reading) if (reader.checkPlace(await readNewest(call, reader))) areInPlace = false;
    return areInPlace;
  };
  const readNewest = (call: Call, { key }: FeedReader) =>
    call(options.timeout, 'XREVRANGE', key, '+', '-', 'COUNT', 1);
  const follow = async (linked: Linked, own: Link) => {
    const isCurrent = () => !isStopped && own.current() === linked;
    const call: Call = (wait, command, ...args) => bounded(linked.client.call(command, ...args), wait, clock);
    const rewound = new Set<FeedReader>();
    // The first reads do not wait, so that this process soon knows that it has every entry.
    let isCaughtUp = false;
    while (isCurrent()) {
      const startedAt = clock.monotonic();
      try {
        for (const reader of readers.values()) {
          if (rewound.has(reader)) continue;
          reader.rewind(await readNewest(call, reader));
          rewound.add(reader);
          isCaughtUp = false;
        }
        const reading = [...rewound];
        const answer = await call(
          (isCaughtUp ? block : 0) + options.timeout,
          'XREAD',
          ...['COUNT', count, ...(isCaughtUp ? ['BLOCK', block] : []), 'STREAMS'],
          ...reading.map(({ key }) => key),
          ...reading.map(({ position }) => position()),
        );
        const read = { startedAt, serverTime: linked.serverTime, count };
        const isQuiet = isCaughtUp && answer === null;
        isCaughtUp = reading.map((reader) => reader.take(answer, read)).every(Boolean);
        if (isQuiet) isCaughtUp = await checkPlaces(reading, call);
        events.operation('feed_read', 'success', (clock.monotonic() - startedAt) / 1_000);
      } catch (error) {
        const failure = failureOf(error);
        events.operation('feed_read', failure.failure, (clock.monotonic() - startedAt) / 1_000);
        // A cluster has moved the feeds: the next connection goes to their new server.
        nodes.redirect(error);
        if (failure.failure === 'rejected') await sleep(block, clock);
        else own.drop(linked, failure.message);
      }
    }
  };
  /** Leaves the connection, so that the next one reads every feed, from the server that has them now. */
  const startAgain = (own: Link) => {
    const linked = own.current();
    if (linked !== undefined) own.drop(linked, 'the feeds are read from a new connection');
  };
  const start = () => {
    // A read that waits does not know the new feed.
    if (follower !== undefined) return startAgain(follower);
    const own = createLink({
      connect: nodes.connectFor(keyOf('')),
      ...{ clock, random, onStatus: () => {}, onAttempt: events.connected },
    });
    follower = own;
    own.onReady((linked) => void follow(linked, own));
    // The other connections may be with a new master now, and this one still with the old one.
    nodes.onReady(() => startAgain(own));
  };

  return {
    open: (name, feedOptions): Feed => {
      const key = keyOf(name);
      const reader = createFeedReader(key, feedOptions, { clock, onDefect: events.defect });
      readers.set(key, reader);
      const write = async (entry: string, life: number) => {
        const longest = Math.round(feedOptions.longestLife);
        const args = [longest, entry, Math.ceil(life), reader.position()];
        await run('feed_add', key, ['EVAL', addEntry, 1, key, ...args]);
      };
      const own = createOwnEntries(write, clock);
      nodes.onReady(own.writeAgain);
      start();
      return {
        add: async (entry, life) => {
          const bounded = Math.min(life, feedOptions.longestLife);
          await write(entry, bounded);
          own.added(entry, bounded);
        },
        completeAt: reader.completeAt,
      };
    },
    stop: () => {
      isStopped = true;
      follower?.stop();
    },
  };
}
