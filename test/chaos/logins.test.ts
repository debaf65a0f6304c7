/** Logins that people or clients start in large numbers (LG-20): each is answered, and memory is limited. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFile } from '../support/login-issuer.ts';
import { shop, startLoginParts } from '../support/login-service.ts';
import { startProcess } from '../support/process.ts';

const headers = {
  host: shop,
  accept: 'text/html',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};

test('10,000 logins that are started and never end leave memory flat', { timeout: 120_000 }, async () => {
  const parts = await startLoginParts();
  onTestFinished(() => parts.provider.close());
  const listeners =
    'http: {host: 127.0.0.1, port: 0}\ngrpc: {enabled: false}\nadmin: {host: 127.0.0.1, port: 0}\n';
  const file = temporaryFile('oidc-authz.yaml', `${parts.file}${listeners}log: {checks: none}\n`);
  const service = startProcess(['--config', file]);
  await service.record(({ state }) => state === 'ready');
  const port = await service.port('http');
  const residentMiB = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]) / 1024;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
  onTestFinished(() => agent.destroy());
  const open = (path: string) =>
    new Promise<string>((resolve, reject) => {
      http
        .get({ host: '127.0.0.1', port, agent, path, headers }, (answer) => {
          answer.resume();
          answer.on('end', () =>
            resolve(`${answer.statusCode} ${answer.headers.location?.startsWith(parts.provider.url)}`),
          );
        })
        .on('error', reject);
    });
  const openMany = async (name: string) => {
    const answers = new Set<string>();
    for (let batch = 0; batch < 20; batch++)
      for (const answer of await Promise.all(
        Array.from({ length: 500 }, (_, index) => open(`/${name}/${batch}/${index}`)),
      ))
        answers.add(answer);
    expect([...answers]).toEqual(['302 true']);
    return residentMiB();
  };
  // The first logins load code and fill the heap of the process.
  const warm = await openMany('first');
  const end = await openMany('second');
  expect(end - warm).toBeLessThan(32);
});
