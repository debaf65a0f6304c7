/** A real Envoy normalizes paths and hosts before it routes. An anonymous rule never opens another workload. */
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { startWorkload, type Workload } from '../../tools/workload.ts';
import { fileFor, startApp } from '../support/app.ts';
import { exchange } from '../support/http1.ts';
import { type Behind, plainEnvoy, portsOf, type Reading } from '../support/plain-envoy.ts';
import { describeWith } from '../support/real-servers.ts';
import { hostileHosts, hostilePaths } from './hostile.ts';

/** Envoy's path normalizations, the default first. */
const pathReadings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'does not normalise': {},
  normalises: { normalize_path: true },
  'merges slashes': { merge_slashes: true },
  'does both': { normalize_path: true, merge_slashes: true },
  'keeps escaped slashes': { normalize_path: true, path_with_escaped_slashes_action: 'KEEP_UNCHANGED' },
  'unescapes slashes': {
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD',
  },
  'redirects escaped slashes': {
    normalize_path: true,
    path_with_escaped_slashes_action: 'UNESCAPE_AND_REDIRECT',
  },
  'rejects escaped slashes': { normalize_path: true, path_with_escaped_slashes_action: 'REJECT_REQUEST' },
};

const strict: Readonly<Record<string, Reading>> = {
  'compares the whole host': { manager: {} },
  'drops a dot at the end': { manager: { strip_trailing_host_dot: true } },
  'strips the port that it listens on': { manager: { strip_matching_host_port: true } },
};
const portless: Readonly<Record<string, Reading>> = {
  'ignores ports, as in Istio': { manager: {}, routing: { ignore_port_in_host_matching: true } },
  'strips every port': { manager: { strip_any_host_port: true } },
};

describeWith('a plain Envoy', await findEnvoy(), (program) => {
  async function start(
    config: string,
    readings: readonly Reading[],
    behind: Pick<Behind, 'transport' | 'by'>,
  ): Promise<{ ports: readonly number[]; open: Workload; other: Workload }> {
    const service = await startApp({ file: `${fileFor('ISSUER')}log: {checks: none}\n${config}` });
    const [open, other] = [await startWorkload(), await startWorkload()];
    const authorizer = behind.transport === 'http' ? service.httpPort : service.grpcPort;
    const envoy = await startEnvoy(program, ({ adminPort }) =>
      plainEnvoy({ ...behind, authorizer, open: open.port, other: other.port }, readings, adminPort),
    );
    onTestFinished(async () => {
      await envoy.stop();
      await open.close();
      await other.close();
    });
    return { ports: await portsOf(envoy.adminPort), open, other };
  }

  describe.each(['http', 'grpc'] as const)('over %s', (transport) => {
    const rules = `
rules:
  - {name: open, match: {paths: ["/public/{**}"]}, allow: anonymous}
  - {name: rest, deny: true}
`;
    test('that normalizes paths differently never routes an anonymous path to another workload', async () => {
      const readings = Object.values(pathReadings).map((manager) => ({ manager }));
      const by = { prefix: '/public/' };
      const { ports, open, other } = await start(rules, readings, { transport, by });
      const drawn = fc.sample(hostilePaths, { numRuns: 300, seed: 7 });
      const targets = ['/public/x', '/public/', '/public/a%20b?x=/../admin', ...drawn];
      const unlike: string[] = [];
      for (const target of targets)
        for (const port of ports) {
          const answer = await exchange(port, `GET ${target} HTTP/1.1\r\nhost: h\r\n\r\n`);
          if (answer?.status !== 200) continue;
          const { path } = JSON.parse(answer.body) as { path: string };
          // The workload normalizes too: it resolves dot segments, and treats backslashes as slashes.
          if (!new URL(path, 'http://h').pathname.startsWith('/public/')) unlike.push(`${target} ${path}`);
        }
      expect(unlike).toEqual([]);
      expect(other.requests()).toBe(0);
      // Make sure that requests were compared.
      expect(open.requests()).toBeGreaterThan(3 * ports.length);
    });

    const byHost = (ports: string) => `
hosts: {ports: ${ports}}
rules:
  - {name: open, match: {hosts: [public.example.com]}, allow: anonymous}
  - {name: locked, match: {hosts: ["*.locked.example"]}, deny: true}
  - {name: rest, require: {}}
`;
    test.each([
      ['exact', { ...strict, ...portless }],
      ['ignore', portless],
    ])(
      'that reads hosts differently never routes a request for an anonymous host to another workload; ports: %s',
      async (ports, readings) => {
        const by = { host: 'public.example.com' };
        const started = await start(byHost(ports), Object.values(readings), { transport, by });
        const { open, other } = started;
        const drawn = fc.sample(hostileHosts, { numRuns: 150, seed: 11 });
        const lines = ['host: public.example.com', 'host: PUBLIC.example.com'];
        for (const line of [...lines, ...drawn])
          for (const port of started.ports) {
            await exchange(port, `GET / HTTP/1.1\r\n${line}\r\nconnection: close\r\n\r\n`);
            await exchange(port, `GET / HTTP/1.0\r\n${line}\r\n\r\n`);
          }
        for (const port of started.ports) {
          await exchange(port, 'GET / HTTP/1.0\r\n\r\n');
          await exchange(port, 'GET http://public.example.com:4711/ HTTP/1.1\r\nhost: x.example.com\r\n\r\n');
          await exchange(port, 'GET http://x.example.com/ HTTP/1.1\r\nhost: public.example.com\r\n\r\n');
        }
        expect(other.requests()).toBe(0);
        expect(open.requests()).toBeGreaterThanOrEqual(2 * started.ports.length);
      },
    );
  });
});
