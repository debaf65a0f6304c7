/** A closed loop: each connection or stream sends a request when its previous one is answered. */
import { type Answer, connect } from './connection.ts';
import type { Protocol } from './messages.ts';

/** A load in a closed loop. */
export interface ClosedLoad {
  readonly protocol: Protocol;
  readonly port: number;
  readonly connections: number;
  /** Concurrent calls on each connection; always one over HTTP. */
  readonly streams: number;
  /** Sent in turn, starting with the first. */
  readonly requests: readonly Buffer[];
  readonly count: number;
}

/** The number of answers of each kind. */
export type Answers = Record<Answer, number>;

/** The longest time for a load, in milliseconds. */
const patience = 120_000;

/** Runs a load until all requests are answered. @throws Error if that takes too long */
export async function runClosed(load: ClosedLoad): Promise<Answers> {
  const { protocol, port, connections, requests, count } = load;
  const streams = protocol === 'http' ? 1 : load.streams;
  const answers: Answers = { allowed: 0, denied: 0, overloaded: 0 };
  let sent = 0;
  let answered = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new Error(`${answered} of ${count} requests were answered in time`)),
    patience,
  );
  const open = await Promise.all(
    Array.from({ length: connections }, async () => {
      const connection = await connect(protocol, port, (answer) => {
        answers[answer]++;
        answered++;
        if (answered === count) resolve();
        next();
      });
      const next = () => {
        if (sent < count) connection.send(requests[sent++ % requests.length] ?? Buffer.alloc(0));
      };
      return { connection, next };
    }),
  );
  for (let stream = 0; stream < streams; stream++) for (const { next } of open) next();
  await promise;
  clearTimeout(timer);
  for (const { connection } of open) connection.close();
  return answers;
}
