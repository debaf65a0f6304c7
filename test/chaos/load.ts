/** Clients that send requests during faults, and know the right response to each. */

import { once } from 'node:events';
import http from 'node:http';
import { onTestFinished } from 'vitest';

/** One request, and whether it must be allowed. */
export interface Question {
  readonly authorization: string;
  readonly mustBeAllowed: boolean;
}

/** The results of the requests. */
export interface LoadResult {
  readonly requests: number;
  /** Wrongly allowed and wrongly denied requests, with their statuses. */
  readonly wrongAllows: number;
  readonly wrongDenials: readonly number[];
  /** Requests without a response. */
  readonly failed: readonly string[];
  readonly fivehundreds: number;
}

/** Running load. */
export interface Load {
  /** The number of requests so far. */
  readonly requests: () => number;
  /** Stops the load, waits for the last responses, and returns the results. */
  readonly stop: () => Promise<LoadResult>;
}

/** Sends requests at a rate per second over eight connections. */
export function startLoad(port: number, next: () => Question | Promise<Question>, perSecond: number): Load {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const result = {
    requests: 0,
    wrongAllows: 0,
    wrongDenials: [] as number[],
    failed: [] as string[],
    fivehundreds: 0,
  };
  const pending = new Set<Promise<void>>();
  const ask = async () => {
    const { authorization, mustBeAllowed } = await next();
    result.requests++;
    try {
      const status = await askOnce(port, { authorization }, agent);
      if (status >= 500) result.fivehundreds++;
      if (status === 200 && !mustBeAllowed) result.wrongAllows++;
      if (status !== 200 && mustBeAllowed) result.wrongDenials.push(status);
    } catch (error) {
      result.failed.push(String(error));
    }
  };
  const timer = setInterval(() => {
    for (let index = 0; index < perSecond / 50; index++) {
      const one = ask().finally(() => pending.delete(one));
      pending.add(one);
    }
  }, 20);
  const stop = async () => {
    clearInterval(timer);
    await Promise.all(pending);
    agent.destroy();
    return result;
  };
  onTestFinished(() => {
    clearInterval(timer);
    agent.destroy();
  });
  return { requests: () => result.requests, stop };
}

/** Sends one request. Rejects if there is no response within 10 s. */
export async function askOnce(
  port: number,
  headers: http.OutgoingHttpHeaders,
  agent?: http.Agent,
): Promise<number> {
  const request = http.request({
    host: '127.0.0.1',
    port,
    path: '/orders',
    headers,
    timeout: 10_000,
    ...(agent !== undefined && { agent }),
  });
  request.on('timeout', () => request.destroy(new Error('no answer within 10 s')));
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode ?? 0;
}
