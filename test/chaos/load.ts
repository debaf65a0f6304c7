/** Clients that go on asking while something goes wrong, and know what every answer must be. */

import { once } from 'node:events';
import http from 'node:http';
import { onTestFinished } from 'vitest';

/** One question, and whether it must be allowed. */
export interface Question {
  readonly authorization: string;
  readonly mustBeAllowed: boolean;
}

/** What became of the questions. */
export interface LoadResult {
  readonly asked: number;
  /** Allowed though they must not be, refused though they must not be; with their statuses. */
  readonly wrongAllows: number;
  readonly wrongDenials: readonly number[];
  /** Without an answer. */
  readonly failed: readonly string[];
  readonly fivehundreds: number;
}

/** Load that runs. */
export interface Load {
  /** How many questions were asked so far. */
  readonly asked: () => number;
  /** Ends it, waits for the last answers, and says what came of it. */
  readonly stop: () => Promise<LoadResult>;
}

/** Asks some questions a second over eight connections, in turn. */
export function startLoad(port: number, next: () => Question | Promise<Question>, perSecond: number): Load {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const result = {
    asked: 0,
    wrongAllows: 0,
    wrongDenials: [] as number[],
    failed: [] as string[],
    fivehundreds: 0,
  };
  const pending = new Set<Promise<void>>();
  const ask = async () => {
    const { authorization, mustBeAllowed } = await next();
    result.asked++;
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
  return { asked: () => result.asked, stop };
}

/** Asks one question; rejects if there is no answer within 10 s. */
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
