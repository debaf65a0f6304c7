/**
 * The masters of a cluster, each with one connection. The client library has a cluster mode too, but it queues commands, and connects
 * to a dead server for each of them (ADR 34).
 */
import type { Clock } from '../../../runtime/time/clock.ts';
import { bounded } from '../bounded.ts';
import type { Connect } from '../client.ts';
import { keepAsking } from '../heartbeat.ts';
import { createLink, type Link } from '../link.ts';
import type { Nodes, NodesEvents } from '../nodes.ts';
import type { Prove } from '../prove.ts';
import { createStatus } from '../status.ts';
import type { Address } from '../valkey-config.ts';
import { readRedirect, readSlots, type SlotRange, slotOf } from './slots.ts';

/** The dependencies. */
export interface ClusterNodesDependencies extends NodesEvents {
  /** Some servers of the cluster. */
  readonly seeds: readonly Address[];
  readonly connectTo: (address: Address) => Connect;
  /** Asks a new connection. */
  readonly prove?: Prove;
  /** Maximum time of a command, in milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** How often the slots are read, in milliseconds. More often while a master is away, to find the one that takes its place. */
const interval = { ready: 10_000, away: 500 };

interface Member {
  readonly address: Address;
  readonly link: Link;
}

/** Connects to the seeds, and then to the masters. */
export function createClusterNodes(dependencies: ClusterNodesDependencies): Nodes {
  const { seeds, connectTo, prove, timeout, clock, random, onStatus, onAttempt } = dependencies;
  const members = new Map<string, Member>();
  const listeners: (() => void)[] = [];
  let ranges: readonly SlotRange[] = [];
  let isReading = false;
  let isStopped = false;
  let cancel = () => {};
  let isReady = false;
  const status = createStatus(clock, (next) => {
    const wasReady = isReady;
    isReady = next.state === 'ready';
    onStatus(next);
    if (isReady) for (const listener of listeners) listener();
    else if (wasReady) schedule();
  });

  const join = (address: Address): Link => {
    const known = members.get(nameOf(address));
    if (known !== undefined) return known.link;
    const link = createLink({
      ...{ connect: connectTo(address), prove, clock, random, onAttempt },
      onStatus: () => update(),
    });
    members.set(nameOf(address), { address, link });
    link.onReady(() => void read());
    keepAsking(link, { patience: 2 * timeout, clock, random });
    return link;
  };
  const masters = () => new Set(ranges.map(({ master }) => nameOf(master)));
  const update = () => {
    const wanted = [...masters()];
    const away = wanted.filter((name) => members.get(name)?.link.current() === undefined);
    if (wanted.length > 0 && away.length === 0) {
      leaveOthers(new Set(wanted));
      return status.ready();
    }
    const reason = [...members.values()]
      .find(({ link }) => link.current() === undefined)
      ?.link.status().problem;
    const count =
      wanted.length === 0
        ? 'the servers of the cluster are not known'
        : `${away.length} of ${wanted.length} masters are not connected`;
    status.away(reason === undefined ? count : `${count}: ${reason}`);
  };
  /** Reads the slots from the first server that answers. */
  const read = async () => {
    if (isReading || isStopped) return;
    isReading = true;
    const asked = connected();
    if (asked.length === 0) for (const seed of seeds) join(seed);
    for (const member of asked) if (await readFrom(member)) break;
    isReading = false;
    if (isStopped) return;
    update();
    schedule();
  };
  const readFrom = async ({ address, link }: Member): Promise<boolean> => {
    const answer = link.current()?.client.call('CLUSTER', 'SLOTS');
    const found = await bounded(Promise.resolve(answer), timeout, clock).then(
      (slots) => readSlots(slots, address),
      () => [],
    );
    if (found.length === 0 || isStopped) return false;
    ranges = found;
    for (const { master } of found) join(master);
    return true;
  };
  /** Leaves former masters and seeds. They stay until every master is connected, because they may know newer slots. */
  const leaveOthers = (wanted: ReadonlySet<string>) => {
    for (const [name, { link }] of members) {
      if (wanted.has(name)) continue;
      link.stop();
      members.delete(name);
    }
  };
  const connected = () =>
    [...members.values()]
      .filter(({ link }) => link.current() !== undefined)
      .map((member) => ({ member, order: random() }))
      .sort((one, other) => one.order - other.order)
      .map(({ member }) => member);
  const schedule = () => {
    cancel();
    const wait = interval[status.current().state === 'ready' ? 'ready' : 'away'];
    cancel = clock.after(wait * (0.5 + random()), () => void read());
  };
  const masterOf = (key: string): Address | undefined => {
    const slot = slotOf(key);
    return ranges.find(({ from, to }) => from <= slot && slot <= to)?.master;
  };

  for (const seed of seeds) join(seed);
  schedule();
  return {
    linkOf: (key) => {
      const master = masterOf(key);
      // The server that was asked may not know all slots yet. Another one redirects, which is a reason to read them again.
      if (master === undefined) return connected()[0]?.link;
      return members.get(nameOf(master))?.link;
    },
    redirect: (error) => {
      const to = readRedirect(error);
      if (to === undefined) return undefined;
      if (to.kind === 'MOVED') void read();
      // A server that does not know its own name leaves it out: it is the one that was asked, and the slots have changed.
      if (to.host === '') return undefined;
      return { link: join({ host: to.host, port: to.port, database: 0 }), isOnce: to.kind === 'ASK' };
    },
    connectFor: (key) => () => {
      const master = masterOf(key);
      if (master === undefined) throw new Error('the servers of the cluster are not known');
      return connectTo(master)();
    },
    status: status.current,
    onReady: (listener) => void listeners.push(listener),
    stop: () => {
      isStopped = true;
      cancel();
      for (const { link } of members.values()) link.stop();
    },
  };
}

function nameOf({ host, port }: Address): string {
  return `${host}:${port}`;
}
