/** A cluster of three masters without replicas. */
import { freePort } from '../../../tools/free-port.ts';
import { until } from '../app.ts';
import type { RedisAnswer } from './client.ts';
import { type RedisOptions, type RedisServer, startRedis } from './server.ts';

/** The cluster. */
export interface RedisCluster {
  /** The addresses for `state.valkey.urls`. */
  readonly urls: readonly string[];
  readonly nodes: readonly RedisServer[];
  /** The node that has a key. */
  readonly nodeOf: (key: string) => Promise<RedisServer>;
  /** Moves the slot of a key, and the keys of this slot, to another node. */
  readonly move: (key: string, to: RedisServer) => Promise<void>;
  readonly stop: () => Promise<void>;
}

interface Node {
  readonly server: RedisServer;
  readonly busPort: number;
  readonly id: string;
}

const slots = 16_384;

/** Starts a cluster, and waits until all nodes answer for all slots. */
export async function startRedisCluster(path: string, options: RedisOptions = {}): Promise<RedisCluster> {
  const { password, tls } = options;
  const nodes: Node[] = [];
  const stop = async () => {
    for (const { server } of nodes) await server.stop();
  };
  try {
    for (let index = 0; index < 3; index++) {
      const busPort = await freePort();
      const lines = [
        'cluster-enabled yes',
        'cluster-node-timeout 2000',
        `cluster-port ${busPort}`,
        ...(tls === undefined ? [] : ['tls-cluster yes']),
        ...(password === undefined ? [] : [`masterauth ${password}`]),
        ...(options.lines ?? []),
      ];
      const server = await startRedis(path, { ...options, lines });
      nodes.push({ server, busPort, id: String(await server.command('CLUSTER', 'MYID')) });
    }
    await connect(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  const nodeOf = async (key: string) => {
    const slot = await slotOf(nodes, key);
    const ranges = (await nodes[0]?.server.command(
      'CLUSTER',
      'SLOTS',
    )) as readonly (readonly RedisAnswer[])[];
    const [, , owner] = ranges.find(([from, to]) => Number(from) <= slot && slot <= Number(to)) ?? [];
    const port = (owner as readonly RedisAnswer[] | undefined)?.[1];
    const found = nodes.find(({ server }) => server.port === port);
    if (found === undefined) throw new Error(`slot ${slot} has no node`);
    return found;
  };
  return {
    urls: nodes.map(({ server }) => server.url),
    nodes: nodes.map(({ server }) => server),
    nodeOf: async (key) => (await nodeOf(key)).server,
    move: async (key, to) => {
      const target = nodes.find(({ server }) => server === to);
      if (target === undefined) throw new Error('the server is not a node of this cluster');
      await moveSlot(nodes, await slotOf(nodes, key), await nodeOf(key), target, password);
    },
    stop,
  };
}

/** Divides the slots, and makes the nodes know each other. */
async function connect(nodes: readonly Node[]): Promise<void> {
  const [first] = nodes;
  const share = Math.ceil(slots / nodes.length);
  for (const [index, { server, busPort }] of nodes.entries()) {
    const last = Math.min((index + 1) * share, slots) - 1;
    await server.command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    await server.command('CLUSTER', 'ADDSLOTSRANGE', index * share, last);
    await first?.server.command('CLUSTER', 'MEET', '127.0.0.1', server.port, busPort);
  }
  await until(async () => {
    const states = await Promise.all(nodes.map(({ server }) => server.command('CLUSTER', 'INFO')));
    return states.every((text) =>
      /cluster_state:ok[\s\S]*cluster_slots_assigned:16384\b[\s\S]*cluster_known_nodes:3\b/.test(
        String(text),
      ),
    );
  }, 30);
}

async function slotOf([first]: readonly Node[], key: string): Promise<number> {
  return Number(await first?.server.command('CLUSTER', 'KEYSLOT', key));
}

/** Moves a slot in the steps of Redis: importing, migrating, the keys, the new owner. */
async function moveSlot(
  nodes: readonly Node[],
  slot: number,
  from: Node,
  to: Node,
  password: string | undefined,
): Promise<void> {
  await to.server.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
  await from.server.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
  const keys = (await from.server.command('CLUSTER', 'GETKEYSINSLOT', slot, 10_000)) as readonly string[];
  const auth = password === undefined ? [] : ['AUTH', password];
  if (keys.length > 0)
    await from.server.command('MIGRATE', '127.0.0.1', to.server.port, '', 0, 5_000, ...auth, 'KEYS', ...keys);
  for (const { server } of [to, from, ...nodes.filter((node) => node !== to && node !== from)])
    await server.command('CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
}
