/** A workload behind a real Envoy gets the exact value of a claim, decoded in Python. */
import { spawnSync } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar } from '../../tools/istio.ts';
import { type Received, startWorkload } from '../../tools/workload.ts';
import { fileFor, startApp } from '../support/app.ts';
import { exchange, request } from '../support/http1.ts';
import { describeWith, type Found } from '../support/real-servers.ts';
import { goodClaims, goodHeader, signTexts } from '../support/tokens.ts';

const zitadel = 'urn:zitadel:iam:org:project:roles';
const settings = `
outputClaimToHeaders:
  - {header: x-plain, claim: who}
  - {header: x-percent, claim: who, encoding: percent}
  - {header: x-base64url, claim: who, encoding: base64url}
  - {header: x-json, claim: who, encoding: json}
  - {header: x-groups, from: groups, separator: "|"}
  - {header: x-groups-json, from: groups, encoding: json}
  - {header: x-namespace, claim: kubernetes.io.namespace}
  - {header: x-pod, claim: [kubernetes.io, pod.name, uid]}
  - {header: x-claims, from: claims}
  - {header: x-claims-json, from: claims, encoding: json}
  - {header: x-claims-percent, from: claims, encoding: percent}
`;

/** As JSON text, because JavaScript objects would reorder numeric names. */
const roles = `"${zitadel}":{"b|c":{},"b":{"org":"x"},"10":{},"2":{},"off":false,"none":null,"c,d":{}}`;

/** Decodes with Python's standard library, and returns each value as JSON. */
function decodedByPython(
  headers: readonly (readonly [name: string, value: string])[],
): Record<string, unknown> {
  const program = `
import base64, json, sys, urllib.parse
def read(name, value):
  if 'percent' in name:
    value = urllib.parse.unquote(value, errors='strict')
  if name in ('x-base64url', 'x-claims'):
    value = base64.urlsafe_b64decode(value + '=' * (-len(value) % 4)).decode('utf-8')
  return json.loads(value) if 'json' in name or 'claims' in name else value
sys.stdout.write(json.dumps({name: read(name, value) for name, value in json.load(sys.stdin)}))
`;
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], {
    input: JSON.stringify(headers),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

function findPython(): Found {
  return spawnSync('python3', ['--version']).status === 0
    ? { path: 'python3' }
    : { missing: 'python3 is not on the PATH' };
}

const values: readonly unknown[] = [
  'alice',
  'Åsa Öberg',
  '名前',
  '😀 of ✓',
  ' a ',
  'a\r\nx-admin: true',
  'a\0b\x7f',
  '50%25 + 1 = "?"',
  "!'()*~-._;,|",
  ['a,b', 'é', 3, { c: null }],
  { nested: { deeply: ['名前\n'] } },
  5,
  true,
  '',
];

const envoyProgram = await findEnvoy();

describeWith('Python', findPython(), () => {
  describeWith('a real Envoy', envoyProgram, (path) => {
    describe.each(['http', 'grpc'] as const)('over %s', (transport) => {
      test('the workload decodes the exact claims', async () => {
        const file = fileFor('ISSUER').replace(
          'name: main',
          `name: main, groups: {claim: "${zitadel}", from: names}`,
        );
        const service = await startApp({ file: `${file}${settings}` });
        const workload = await startWorkload();
        const envoy = await startEnvoy(path, (ports) =>
          istioSidecar(
            {
              transport,
              authorizers: [transport === 'http' ? service.httpPort : service.grpcPort],
              workload: workload.port,
              headersToUpstreamOnAllow: service.config.outputClaimToHeaders.map(({ header }) => header),
              includeRequestHeadersInCheck: ['authorization'],
            },
            ports,
          ),
        );
        onTestFinished(async () => {
          await envoy.stop();
          await workload.close();
        });
        for (const who of values) {
          const more = { who, 'kubernetes.io': { namespace: 'prod', 'pod.name': { uid: 'u-1' } } };
          const signed = JSON.stringify(goodClaims(service.issuer, more)).replace(/}$/, `,${roles}}`);
          const [key] = service.issuer.keys;
          if (key === undefined) throw new TypeError('the issuer has no key');
          const token = signTexts(JSON.stringify(goodHeader(service.issuer)), signed, key);
          const forged = service.config.outputClaimToHeaders.map(({ header }) => `${header}: forged`);
          const lines = [`authorization: Bearer ${token}`, ...forged];
          const response = await exchange(envoy.port, request('GET', '/', lines));
          const { headers } = JSON.parse(response?.body ?? '') as Received;
          expect(headers.filter(([name]) => name === 'x-admin')).toEqual([]);
          const ours = headers.filter(([name]) =>
            service.config.outputClaimToHeaders.some(({ header }) => header === name),
          );
          const got = decodedByPython(ours);
          const isPlain = typeof who !== 'object';
          const all = JSON.parse(signed);
          const text = typeof who === 'string' ? who : JSON.stringify(who);
          expect(got).toEqual({
            ...(isPlain &&
              /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(String(who)) && { 'x-plain': String(who) }),
            ...(Array.isArray(who) && { 'x-percent': 'é,3' }),
            ...(isPlain && who !== '' && { 'x-percent': String(who) }),
            ...(who !== '' && { 'x-base64url': text }),
            'x-json': who,
            'x-groups': 'b|10|2|c,d',
            'x-groups-json': ['b|c', 'b', '10', '2', 'c,d'],
            'x-namespace': 'prod',
            'x-pod': 'u-1',
            'x-claims': all,
            'x-claims-json': all,
            'x-claims-percent': all,
          });
        }
      });
    });
  });
});
