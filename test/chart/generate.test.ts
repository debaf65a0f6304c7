/** The chart and `generate` make the same entries from the same configuration. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { findHelm } from '../../tools/helm.ts';
import { configOf } from '../support/app.ts';
import { minimalValues, one, render, valuesFile } from '../support/chart.ts';
import { generated } from '../support/generate-flags.ts';
import { describeWith } from '../support/real-servers.ts';

const { config, image } = minimalValues;

const rule = { name: 'a', require: {} };

/** Each is added to the configuration. */
const variants: Readonly<Record<string, object>> = {
  'the smallest configuration': {},
  'identityHeaders: remove': { identityHeaders: 'remove' },
  'other identity headers': {
    outputClaimToHeaders: [{ header: 'X-User', claim: 'sub' }],
    outputTokenToHeader: 'x-token',
  },
  'no identity headers': { outputClaimToHeaders: [] },
  'other ports': { http: { port: 8080 }, grpc: { port: 9090 } },
  'a path prefix': { http: { pathPrefix: '/check' } },
  'gRPC only': { http: { enabled: false } },
  'HTTP only': { grpc: { enabled: false } },
  'the format of oauth2-proxy': { compat: 'oauth2-proxy', log: { requestIdHeader: 'X-Trace' } },
  'the format of oauth2-proxy without the token': {
    compat: 'oauth2-proxy',
    outputTokenToHeader: '',
    setAuthorizationHeader: false,
  },
  'the format of oauth2-proxy, without authorization': {
    compat: 'oauth2-proxy',
    forwardOriginalToken: false,
  },
  'the format of oauth2-proxy, without identity': { compat: 'oauth2-proxy', identityHeaders: 'remove' },
  'the authorization header': { identityHeaders: 'remove', setAuthorizationHeader: true },
  'an incumbent': { shadow: { authorizer: 'http://oauth2-proxy.auth.svc.cluster.local' } },
  'client addresses': {
    clientAddress: { trustedProxies: ['10.0.0.0/8'] },
    noRuleMatches: 'token',
    rules: [{ name: 'a', match: { addresses: ['192.0.2.0/24'] }, allow: 'anonymous' }],
  },
  'DPoP and client certificates': {
    dpop: { origins: ['https://a.example.com'] },
    clientCertificates: { trustedHops: 1 },
  },
  'the certificate of a gateway': {
    clientCertificates: { trustedProxyUri: 'spiffe://cluster.local/ns/istio-system/sa/gateway' },
  },
  'headers of rules': {
    trustedHeaders: ['X-Gateway'],
    rules: [
      {
        name: 'a',
        match: { paths: ['/a'] },
        require: { scopesFromHeader: 'x-scopes' },
        allowPreflight: true,
      },
      { ...rule, name: 'b', outputClaimToHeaders: [{ header: 'X-Own', claim: 'sub' }] },
    ],
  },
  'a rule for OPTIONS': {
    rules: [{ name: 'a', match: { methods: ['GET', 'OPTIONS'] }, allow: 'anonymous' }],
  },
  'two policies': {
    policies: [
      { name: 'p', pathPrefix: '/p', rules: [{ name: 'r', require: { scopesFromHeader: 'x-scopes' } }] },
      { name: 'q', pathPrefix: '/q', rules: [rule] },
    ],
    grpcPolicy: 'q',
  },
};

interface Provider {
  readonly envoyExtAuthzHttp?: Readonly<Record<string, unknown>>;
}

describeWith('the chart', await findHelm(), (program) => {
  const entriesFor = async (more: object, values: object = {}) => {
    const file = valuesFile({ image, config: { ...config, ...more }, ...values });
    const { data } = one(await render(program, [file]), 'ConfigMap', /entries/) as unknown as {
      readonly data: Readonly<Record<string, string>>;
    };
    const kyma = Object.entries(data)
      .filter(([name]) => name.startsWith('kyma-authorizer'))
      .map(([, text]) => parse(text) as unknown);
    const providers = (name: string): unknown =>
      data[name] === undefined ? undefined : parse(data[name]).extensionProviders;
    return {
      kyma,
      http: providers('istio-http-provider.yaml'),
      grpc: providers('istio-grpc-provider.yaml'),
    };
  };
  const providersOf = ([document]: readonly object[]) =>
    (document as { meshConfig: { extensionProviders: readonly Provider[] } }).meshConfig.extensionProviders;

  test.each(Object.entries(variants))('registers the same entries as generate: %s', async (_, more) => {
    const settings = await configOf(JSON.stringify({ ...config, ...more }));
    const entries = await entriesFor(more);
    if (settings.http.enabled) {
      const [patch] = generated('kyma', settings).documents as readonly [readonly { value: unknown }[]];
      expect(entries.kyma).toEqual(patch.map(({ value }) => value));
      const { documents } = generated('istio', settings, { transport: 'http' });
      expect(entries.http).toEqual(providersOf(documents));
    } else {
      expect([entries.kyma, entries.http]).toEqual([[], undefined]);
    }
    if (settings.grpc.enabled) {
      const { documents } = generated('istio', settings, { transport: 'grpc' });
      expect(entries.grpc).toEqual(providersOf(documents));
    } else {
      expect(entries.grpc).toBeUndefined();
    }
  });

  test('has the same timeout for the same limits.meshTimeout', async () => {
    const limits = { checkDeadline: '2500ms', meshTimeout: '4s' };
    const { kyma, http, grpc } = await entriesFor({ limits }, { authorizer: { timeout: '4s' } });
    const settings = await configOf(JSON.stringify({ ...config, limits }));
    const [patch] = generated('kyma', settings).documents as readonly [readonly { value: unknown }[]];
    expect(kyma).toEqual([patch[0]?.value]);
    expect(kyma).toMatchObject([{ timeout: '4s' }]);
    expect(http).toEqual(providersOf(generated('istio', settings).documents));
    expect(grpc).toEqual(providersOf(generated('istio', settings, { transport: 'grpc' }).documents));
  });
});
