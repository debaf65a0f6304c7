/**
 * The master that sentinels name. After a fail-over, the old master can take writes for seconds, and they are lost. So this process
 * asks a sentinel all the time, and leaves a master that it no longer names (ADR 34).
 */
import type { Clock } from '../../../runtime/time/clock.ts';
import { bounded } from '../bounded.ts';
import type { Connect } from '../client.ts';
import { failureOf } from '../failures.ts';
import { keepAsking } from '../heartbeat.ts';
import { createLink, type Linked } from '../link.ts';
import type { Nodes, NodesEvents } from '../nodes.ts';
import type { Prove } from '../prove.ts';
import { type Address, isSameAddress } from '../valkey-config.ts';

/** The dependencies. */
export interface SentinelNodesDependencies extends NodesEvents {
  readonly sentinels: readonly Address[];
  readonly masterName: string;
  readonly connectToSentinel: (address: Address) => Connect;
  readonly connectTo: (address: Address) => Connect;
  /** Asks a new connection to a master. */
  readonly prove?: Prove;
  /** Maximum time of an operation, in milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The mean time between two questions to a sentinel, in milliseconds. More often without a master. */
const interval = { connected: 1_000, away: 200 };

/** Connects to a sentinel, and then to the master. */
export function createSentinelNodes(dependencies: SentinelNodesDependencies): Nodes {
  const { sentinels, masterName, connectToSentinel, connectTo, timeout, clock, random } = dependencies;
  const { prove, onStatus, onAttempt } = dependencies;
  // Each process begins with another sentinel.
  let next = Math.floor(random() * sentinels.length);
  let master: Address | undefined;
  let problem = 'no sentinel has answered yet';

  const connectToNext: Connect = () => {
    const sentinel = sentinels[next++ % sentinels.length];
    if (sentinel === undefined) throw new TypeError('there is no sentinel');
    return connectToSentinel(sentinel)();
  };
  const connectToMaster: Connect = () => {
    if (master === undefined) throw new Error(problem);
    return connectTo(master)();
  };
  const ask = async (linked: Linked) => {
    if (sentinel.current() !== linked) return;
    try {
      const call = linked.client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName);
      named(await bounded(call, 2 * timeout, clock));
    } catch (error) {
      problem = `a sentinel does not answer: ${failureOf(error).message}`;
      return sentinel.drop(linked, problem);
    }
    const wait = link.current() === undefined ? interval.away : interval.connected;
    clock.after(wait * (0.75 + random() / 2), () => void ask(linked));
  };
  const named = (answer: unknown) => {
    const [host, port] = Array.isArray(answer) ? answer : [];
    if (host === undefined || !(Number(port) > 0)) {
      problem = 'the sentinels do not know the master';
      return;
    }
    const before = master;
    const database = 0;
    master = { host: String(host), port: Number(port), database };
    const linked = link.current();
    if (before !== undefined && !isSameAddress(before, master) && linked !== undefined)
      link.drop(linked, 'the sentinels name another master');
  };

  const sentinel = createLink({
    ...{ connect: connectToNext, clock, random, onAttempt },
    // A sentinel runs no scripts, and its clock does not count.
    prove: async (client) => {
      await client.call('PING');
      return 0;
    },
    onStatus: (status) => {
      if (status.problem !== undefined) problem = `no sentinel is connected: ${status.problem}`;
    },
  });
  const link = createLink({ connect: connectToMaster, prove, clock, random, onStatus, onAttempt });
  sentinel.onReady((linked) => void ask(linked));
  keepAsking(link, { patience: 2 * timeout, clock, random });
  return {
    linkOf: () => link,
    redirect: () => undefined,
    connectFor: () => connectToMaster,
    status: link.status,
    onReady: link.onReady,
    stop: () => {
      sentinel.stop();
      link.stop();
    },
  };
}
