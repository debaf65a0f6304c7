/**
 * An open loop: requests at a fixed rate, even if earlier ones are not answered. A latency counts from the time at which a
 * request was due. `node open.ts` reads the load as JSON from stdin and writes the result as JSON to stdout. It is a separate
 * process, so that the garbage collection of other code is not measured.
 */
import { connect, type LoadConnection } from './connection.ts';
import { grpcRequest, httpRequest, type Protocol } from './messages.ts';

/** A load in an open loop. */
export interface OpenLoad {
  readonly protocol: Protocol;
  readonly port: number;
  readonly connections: number;
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Tokens in turn; empty for requests without one. */
  readonly tokens: readonly string[];
  /** Concurrent calls on each connection. If all are in flight, a request is not sent. */
  readonly streams: number;
}

/** The result of a load. Latencies are in milliseconds, of all answered requests. */
export interface OpenResult {
  readonly offered: number;
  readonly sent: number;
  readonly allowed: number;
  readonly denied: number;
  readonly overloaded: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

interface Place {
  readonly connection: LoadConnection;
  /** When the requests in flight were due, oldest first. */
  readonly due: number[];
}

async function run({
  protocol,
  port,
  connections,
  rate,
  seconds,
  tokens,
  streams,
}: OpenLoad): Promise<OpenResult> {
  const prepare = protocol === 'http' ? httpRequest : grpcRequest;
  const requests = tokens.length === 0 ? [prepare(undefined)] : tokens.map(prepare);
  const counts = { allowed: 0, denied: 0, overloaded: 0 };
  const latencies = new Float64Array(Math.ceil(rate * seconds) + 1);
  let answered = 0;
  const places = await Promise.all(
    Array.from({ length: connections }, async (): Promise<Place> => {
      const due: number[] = [];
      const connection = await connect(protocol, port, (answer) => {
        counts[answer]++;
        latencies[answered++] = performance.now() - (due.shift() ?? 0);
      });
      return { connection, due };
    }),
  );
  const started = performance.now();
  const offered = Math.floor(rate * seconds);
  let [next, sent, turn] = [0, 0, 0];
  while (next < offered) {
    const now = performance.now();
    for (; next < offered && started + (next * 1000) / rate <= now; next++) {
      const place = freePlace(places, turn++, streams);
      if (place === undefined) continue;
      place.due.push(started + (next * 1000) / rate);
      place.connection.send(requests[sent++ % requests.length] ?? Buffer.alloc(0));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const patience = performance.now() + 15_000;
  while (answered < sent && performance.now() < patience)
    await new Promise((resolve) => setTimeout(resolve, 5));
  for (const { connection } of places) connection.close();
  const sorted = latencies.subarray(0, answered).sort();
  const at = (share: number) => sorted[Math.min(answered - 1, Math.floor(answered * share))] ?? 0;
  return { offered, sent, ...counts, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}

/** Finds a connection that can send one more request, in turn. */
function freePlace(places: readonly Place[], turn: number, streams: number): Place | undefined {
  for (let offset = 0; offset < places.length; offset++) {
    const place = places[(turn + offset) % places.length];
    if (place !== undefined && place.due.length < streams) return place;
  }
  return undefined;
}

if (import.meta.main) {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const load: OpenLoad = JSON.parse(Buffer.concat(chunks).toString());
  process.stdout.write(JSON.stringify(await run(load)));
  process.exit();
}
