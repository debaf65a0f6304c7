/** A request has the same outcome over HTTP and gRPC if one of the two authorizers is slow. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileFor, type RunningApp, runApp, until } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import { beginCall, type Call, checkMessage, openSession } from '../../support/grpc-calls.ts';
import { exchange, request } from '../../support/http1.ts';

interface Incumbent {
  readonly url: string;
  /** Requests without an answer yet. */
  readonly waiting: ServerResponse[];
  /** Resolves when the answers are read. */
  readonly answerAll: () => Promise<void>;
}

/** An authorizer that allows when the test makes it answer. */
async function startIncumbent(): Promise<Incumbent> {
  const waiting: ServerResponse[] = [];
  const server = createServer((_, response) => void waiting.push(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    waiting,
    answerAll: async () => {
      const read = waiting.map(({ socket }) => socket !== null && once(socket, 'close'));
      for (const response of waiting) response.writeHead(200, { connection: 'close' }).end();
      await Promise.all(read);
    },
  };
}

interface Deadlines {
  readonly check: string;
  readonly shadow: string;
  readonly more?: string;
}

/** A service with a test clock and such an authorizer as its incumbent. */
async function startBoth({ check, shadow, more = '' }: Deadlines) {
  const clock = createTestClock();
  const incumbent = await startIncumbent();
  const file = `${fileFor('ISSUER')}
limits: {checkDeadline: ${check}}
shadow: {authorizer: "${incumbent.url}", timeout: ${shadow}}
${more}`;
  const service = await runApp({ file, clock });
  onTestFinished(async () => {
    let isStopped = false;
    const stopped = service.stop().finally(() => {
      isStopped = true;
    });
    while (!isStopped) await clock.advance(1_000);
    await stopped;
  });
  return { clock, incumbent, service, ask: (token?: string) => askBoth(service, incumbent, token) };
}

/** Sends a check over HTTP and gRPC. Resolves when both have reached the incumbent. */
async function askBoth(service: RunningApp, { waiting }: Incumbent, token?: string) {
  const lines = token === undefined ? [] : [`authorization: Bearer ${token}`];
  let status: number | undefined;
  const http = exchange(service.httpPort, request('GET', '/', lines)).then((answer) => {
    status = answer?.status;
  });
  const call: Call = beginCall(openSession(service.grpcPort));
  call.stream.end(checkMessage(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }));
  await until(() => waiting.length === 2);
  return {
    answers: () => [status !== undefined, call.isAnswered()],
    ends: async () => {
      await http;
      const { grpc, code } = await call.ended;
      return { http: status, grpc, code };
    },
    reasons: () => service.records.flatMap(({ reason }) => (reason === undefined ? [] : [reason])),
  };
}

const passes = { http: 200, grpc: '0', code: 0 };
const isUnavailable = { http: 403, grpc: '0', code: 14 };

describe('over HTTP and over gRPC', () => {
  test.each([
    ['500ms', '1500ms', 900],
    ['500ms', '1500ms', 1_499],
    ['1500ms', '500ms', 499],
    ['1500ms', '1500ms', 1_499],
  ])(
    'with a checkDeadline of %s and a shadow.timeout of %s, an answer after %d ms is used',
    async (check, shadow, after) => {
      const { clock, incumbent, ask } = await startBoth({ check, shadow });
      const { answers, ends } = await ask();
      await clock.advance(after);
      expect(answers()).toEqual([false, false]);
      await incumbent.answerAll();
      expect(await ends()).toEqual(passes);
    },
  );

  test.each([
    ['500ms', '1500ms', 1_500],
    ['1500ms', '500ms', 500],
    ['1500ms', '1500ms', 1_500],
    // 80 % of the mesh's timeout of 2 s.
    ['1600ms', '1600ms', 1_600],
  ])(
    'with a checkDeadline of %s and a shadow.timeout of %s, the check is denied after %d ms without an answer',
    async (check, shadow, due) => {
      const { clock, ask } = await startBoth({ check, shadow });
      const { answers, ends, reasons } = await ask();
      await clock.advance(due - 1);
      expect(answers()).toEqual([false, false]);
      await clock.advance(1);
      await until(() => answers().every(Boolean));
      expect(await ends()).toEqual(isUnavailable);
      expect(reasons()).toEqual(['incumbent_unavailable', 'incumbent_unavailable']);
    },
  );

  test.each([
    ['500ms', '1500ms', 500],
    ['1500ms', '500ms', 1_500],
  ])(
    'with a checkDeadline of %s and a shadow.timeout of %s, both responses wait at most %d ms for our own decision, which waits for a key',
    async (check, shadow, due) => {
      const { clock, incumbent, service, ask } = await startBoth({
        check,
        shadow,
        more: 'keys: {timeout: 1m}',
      });
      service.issuer.jwks = () => {};
      const { ends, answers } = await ask(await service.issuer.mint({ header: { kid: 'new' } }));
      await incumbent.answerAll();
      expect(answers()).toEqual([false, false]);
      await clock.advance(due);
      expect(await ends()).toEqual(passes);
    },
  );

  test('with mode: shadow, a request without an answer in time is denied too', async () => {
    const { clock, ask } = await startBoth({ check: '500ms', shadow: '1500ms', more: 'mode: shadow' });
    const { ends } = await ask();
    await clock.advance(1_500);
    expect(await ends()).toEqual(isUnavailable);
  });
});

describe('over gRPC, with a shorter grpc-timeout', () => {
  test.each(['', 'mode: shadow'])('and "%s", the check is denied 10 % before the timeout', async (more) => {
    const { clock, incumbent, service } = await startBoth({ check: '500ms', shadow: '1500ms', more });
    const call = beginCall(openSession(service.grpcPort), { 'grpc-timeout': '1S' });
    call.stream.end(checkMessage({}));
    await until(() => incumbent.waiting.length === 1);
    await clock.advance(899);
    expect(call.isAnswered()).toBe(false);
    await clock.advance(1);
    expect(await call.ended).toMatchObject({ grpc: '0', code: 14, reason: 'overloaded' });
  });
});
