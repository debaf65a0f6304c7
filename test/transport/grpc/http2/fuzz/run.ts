/**
 * The differential run: random clients send the same bytes to this service's own HTTP/2, to node:http2 and to Go. The same calls
 * must reach the handlers, or all must end the connection, or the table of accepted differences must explain it.
 */
import type { Http2Oracle } from '../../../../../tools/http2-oracle.ts';
import { createRandom } from '../../../../security/differential/random.ts';
import { acceptedDifferences } from './accepted-differences.ts';
import { checkOutput } from './check-output.ts';
import { compare, type Difference, type Outcome, onlyIn } from './compare.ts';
import { exchange } from './exchange.ts';
import { headerFrames, readFrames } from './frames.ts';
import { createCase, type FuzzCase, splitBytes, writeCase } from './fuzz-case.ts';
import type { FuzzServer } from './fuzz-server.ts';
import type { NodeProcess } from './node-process.ts';
import type { OwnServer } from './own-server.ts';
import { type Trait, traitsOf } from './traits.ts';

/** The servers of a run. */
export interface FuzzServers {
  readonly own: OwnServer;
  readonly node: NodeProcess;
  readonly oracle: Http2Oracle;
}

/** Something wrong, with the seed that repeats it. */
export interface Finding {
  readonly seed: number;
  readonly what: readonly string[];
  readonly changes: readonly string[];
}

/** The results of a run. */
export interface FuzzSummary {
  cases: number;
  /** The requests that reached the handler of this service. */
  calls: number;
  /** The cases without any difference. */
  same: number;
  /** The cases whose differences are all accepted, and those among them with neither server left to compare with. */
  accepted: number;
  unjudged: number;
  findings: number;
  /** The differences that did not repeat. */
  unrepeated: number;
  /** How often each accepted difference was used, by trait and server. */
  readonly used: Record<string, number>;
}

/** The length and the seed of a run, and its callbacks. */
export interface FuzzOptions {
  readonly servers: FuzzServers;
  readonly seed: number;
  readonly isOver: (cases: number) => boolean;
  readonly onFinding: (finding: Finding) => void;
  readonly onProgress?: (summary: FuzzSummary) => void;
}

/** The random clients at the same time. */
const parallel = 16;

/** The longest wait for the report of a server, in milliseconds. */
const patience = 20_000;

/** How often a difference must be seen. The other servers lose calls of ended connections now and then. */
const confirmations = 3;

/** Runs random clients until it is over. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzSummary> {
  const summary: FuzzSummary = {
    ...{ cases: 0, calls: 0, same: 0, accepted: 0, unjudged: 0, findings: 0, unrepeated: 0 },
    used: {},
  };
  let next = options.seed;
  const client = async () => {
    while (!options.isOver(next - options.seed)) {
      const seed = next++;
      const made = createCase(seed);
      const what = await confirmed(made, options.servers, summary);
      if (what.length > 0) {
        summary.findings++;
        options.onFinding({ seed, what, changes: made.changes });
      }
      summary.cases++;
      options.onProgress?.(summary);
    }
  };
  await Promise.all(Array.from({ length: parallel }, client));
  return summary;
}

/** Judges a case. A difference counts if it is there each time. */
async function confirmed(made: FuzzCase, servers: FuzzServers, summary: FuzzSummary): Promise<string[]> {
  for (let round = 1; ; round++) {
    const { faults, differences } = await judge(made, servers, round === 1 ? summary : undefined);
    if (faults.length > 0) return faults;
    if (differences.length === 0) {
      if (round > 1) summary.unrepeated++;
      return [];
    }
    if (round === confirmations) return differences;
  }
}

interface Judgement {
  /** The mistakes of this service, without a comparison. */
  readonly faults: string[];
  /** The differences that nothing explains. */
  readonly differences: string[];
}

/** Sends a case to the servers, and judges what came out. */
export async function judge(
  made: FuzzCase,
  { own, node, oracle }: FuzzServers,
  summary: FuzzSummary | undefined,
): Promise<Judgement> {
  const bytes = writeCase(made);
  const pieces = splitBytes(bytes, createRandom(made.seed));
  const go: FuzzServer = { name: 'Go', port: () => oracle.port, calls: oracle.calls, stop: oracle.stop };
  const knownFaults = own.faults().length;
  const [ours, ...others] = await Promise.all([own, node, go].map((server) => send(made, pieces, server)));
  const client = readFrames(bytes.subarray(made.start.length)).frames;
  const faults =
    ours === undefined ? ['its connection did not end'] : await ownFaults(made, ours, client, oracle);
  faults.push(...own.faults().slice(knownFaults));
  const differing = others.flatMap((other) => {
    const found = ours === undefined || other === undefined ? [] : compare(ours, other);
    return other === undefined || found.length === 0 ? [] : [{ other, found }];
  });
  if (summary !== undefined) {
    summary.calls += ours?.calls.length ?? 0;
    if (differing.length === 0) summary.same++;
  }
  if (differing.length === 0) return { faults, differences: [] };
  const reading = await oracle.read(headerFrames(bytes.subarray(made.start.length)));
  const traits = new Set([...made.changes, ...traitsOf(client, reading)]);
  const differences = differing.flatMap(({ other, found }) => {
    // No rule explains two bodies of one call.
    const isExplained =
      found.every(({ kind }) => kind !== 'another body') && explained(other, traits, summary);
    return isExplained ? [] : describe(found, traits);
  });
  if (summary !== undefined && differences.length === 0) {
    summary.accepted++;
    if (differing.length === others.length) summary.unjudged++;
  }
  return { faults, differences };
}

/** Resolves with undefined if the promise takes too long, as for a session of node:http2 that never closes. */
async function inTime<T>(promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience);
  });
  const first = await Promise.race([promise, late]);
  clearTimeout(timer);
  return first;
}

interface Sent extends Outcome {
  readonly output: Buffer;
  readonly unanswered: readonly number[];
}

async function send(
  { expected, isCorrect }: FuzzCase,
  pieces: readonly Buffer[],
  server: FuzzServer,
): Promise<Sent | undefined> {
  const awaited = isCorrect ? expected.filter(({ complete, isReset }) => complete && !isReset) : [];
  const streams = new Set(awaited.map(({ stream }) => stream));
  const { clientPort, end, output, unanswered } = await exchange(server.port(), pieces, streams);
  const calls = await inTime(server.calls(clientPort));
  // nghttp2 skips some frames above its limit, so it waits for bytes that do not come.
  if (server.name !== 'ours' && end === 'silent') return undefined;
  return calls === undefined ? undefined : { server: server.name, end, calls, output, unanswered };
}

/** The mistakes of this service that no comparison is needed for. */
async function ownFaults(
  { expected, certain, isCorrect }: FuzzCase,
  ours: Sent,
  client: ReturnType<typeof readFrames>['frames'],
  oracle: Http2Oracle,
): Promise<string[]> {
  const faults = checkOutput(await oracle.read(ours.output), client);
  if (ours.end === 'silent') faults.push('it neither answers nor ends');
  const plan: Outcome = {
    server: 'the plan',
    end: 'open',
    calls: (isCorrect || ours.end === 'open' ? expected : certain).map((call) =>
      call.isEarly ? { ...call, complete: true, body: '' } : call,
    ),
  };
  const missing = isCorrect
    ? compare(plan, ours)
    : onlyIn(plan, ours).filter(({ detail }) => !detail.endsWith(' incomplete'));
  faults.push(...missing.map(({ kind, detail }) => `${kind}: ${detail}`));
  if (ours.unanswered.length > 0) faults.push(`streams without an answer: ${ours.unanswered.join(', ')}`);
  return faults;
}

function explained(other: Outcome, traits: ReadonlySet<Trait>, summary: FuzzSummary | undefined): boolean {
  const row = acceptedDifferences.find(
    ({ trait, servers }) => traits.has(trait) && servers.some((name) => name === other.server),
  );
  if (row === undefined) return false;
  const key = `${row.trait} (${other.server})`;
  if (summary !== undefined) summary.used[key] = (summary.used[key] ?? 0) + 1;
  return true;
}

function describe(found: readonly Difference[], traits: ReadonlySet<Trait>): string[] {
  return [...found.map(({ kind, detail }) => `${kind}: ${detail}`), `traits: ${[...traits].join(', ')}`];
}
