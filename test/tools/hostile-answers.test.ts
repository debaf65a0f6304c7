/** Answers of a server that is not the admin listener, and names in manifests, reach no terminal as control characters. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/runtime/time/clock.ts';
import type { AdminAccess } from '../../src/tools/admin-client.ts';
import { canaryJson } from '../../src/tools/canary/report.ts';
import { createAsk } from '../../src/tools/doctor/ask.ts';
import { jsonReport } from '../../src/tools/doctor/report/json.ts';
import { sarifReport } from '../../src/tools/doctor/report/sarif.ts';
import { explainOnline, findDenial } from '../../src/tools/explain/online.ts';
import { NoAnswer } from '../../src/tools/http-client.ts';

/** Starts a server that answers every request in the same way. */
async function startServer(status: number, body: string): Promise<AdminAccess> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    origin,
    tls: { ca: undefined, cert: undefined, key: undefined },
    token: undefined,
    clock: systemClock,
  };
}

const request = { method: 'GET', host: 'a', path: '/', headers: [] } as const;
const id = 'mzxw6ytboi2dk';
// biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for them
const controls = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/;
const nasty = 'a\x1b[31m\x9b31m\u202e\r\n';

test('a message about an error response has no control characters', async () => {
  const access = await startServer(418, nasty);
  const errors = await Promise.all(
    [explainOnline(access, request), findDenial(access, id)].map((answer) =>
      answer.catch((error: unknown) => error),
    ),
  );
  for (const error of errors) {
    expect(error).toBeInstanceOf(NoAnswer);
    expect((error as Error).message).toContain('answers 418: a');
    expect((error as Error).message).not.toMatch(controls);
  }
});

test.each([
  'null',
  '{"explanation":{"outcome":3,"reason":[],"steps":{}},"service":[]}',
  '{"explanation":{"outcome":"deny","reason":"toString","steps":[null],"answer":{}},"service":{}}',
  '{"id":"a","reason":"toString"}',
  '{"id":"a","reason":"token_missing","time":5}',
])('an answer with other members is not the answer of the service: %s', async (body) => {
  const access = await startServer(200, body);
  await expect(explainOnline(access, request)).rejects.toThrow('with other content');
  await expect(findDenial(access, id)).rejects.toThrow('with other content');
});

test('doctor reports a response that is too large as a problem of its flag', async () => {
  const access = await startServer(200, 'a'.repeat(2_000));
  const limits = { timeout: 10_000, maxBodyBytes: 1_000 };
  await expect(createAsk(access, '--admin', limits)('/readyz')).rejects.toMatchObject({
    problems: [expect.objectContaining({ source: 'flag --admin' })],
  });
  await expect(createAsk(access, '--envoy', limits, true)('/stats')).rejects.toBeInstanceOf(NoAnswer);
});

test('the JSON of doctor and canary has no control characters', () => {
  const finding = {
    id: 'K20',
    severity: 'error',
    place: { file: nasty, line: 1, object: nasty, path: nasty },
    cause: nasty,
  } as never;
  const diagnosis = { findings: [finding], notes: [nasty], objects: new Map(), files: 1 } as never;
  for (const text of [
    jsonReport(diagnosis),
    sarifReport(diagnosis, []),
    canaryJson(nasty, [{ probe: nasty, result: 'passed', found: nasty }]),
  ])
    expect(text).not.toMatch(controls);
});
