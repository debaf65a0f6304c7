/**
 * An open loop: requests at a fixed rate, whether those before them were answered or not. A latency counts from the
 * moment in which a request should have been sent. Runs as a process of its own, so that nobody else's collections of
 * garbage are measured: `node open.ts`, the load as JSON on its standard input, the result as JSON on its standard output.
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
  /** Calls at once on each connection. Where all are under way, a request is not sent. */
  readonly streams: number;
}

/** What came of it. Latencies are in milliseconds, of allowed and denied requests together. */
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
  /** When the requests that are under way should have been sent, oldest first. */
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
  const patience = performance.now() + 5_000;
  while (answered < sent && performance.now() < patience)
    await new Promise((resolve) => setTimeout(resolve, 5));
  for (const { connection } of places) connection.close();
  const sorted = latencies.subarray(0, answered).sort();
  const at = (share: number) => sorted[Math.min(answered - 1, Math.floor(answered * share))] ?? 0;
  return { offered, sent, ...counts, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}

/** A connection that can take one more, looked for in turn. */
function freePlace(places: readonly Place[], turn: number, streams: number): Place | undefined {
  for (let tried = 0; tried < places.length; tried++) {
    const place = places[(turn + tried) % places.length];
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
