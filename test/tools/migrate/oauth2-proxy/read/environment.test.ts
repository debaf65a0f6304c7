import { describe, expect, test } from 'vitest';
import { findingsOf, problemsOf, sourcesOf, valuesOf } from '../read-inputs.ts';

describe('variables', () => {
  test('have the names of the keys, and lists separated by commas', () => {
    const environment = {
      OAUTH2_PROXY_ALLOWED_GROUPS: 'a, b,"c,d"',
      OAUTH2_PROXY_SET_XAUTHREQUEST: 'T',
      OAUTH2_PROXY_GOOGLE_GROUP: 'g',
      HOME: '/root',
    };
    expect(valuesOf({ environment })).toEqual({
      'allowed-group': ['a', ' b', '"c', 'd"'],
      'set-xauthrequest': true,
      'google-group': ['g'],
    });
    expect(sourcesOf({ environment })['allowed-group']).toBe('environment OAUTH2_PROXY_ALLOWED_GROUPS');
  });

  test('are not set if they are empty', () => {
    expect(valuesOf({ environment: { OAUTH2_PROXY_SCOPE: '', OAUTH2_PROXY_UPSTREAMS: '' } })).toEqual({});
  });

  test('with the name of the flag are reported as unknown', () => {
    const environment = { OAUTH2_PROXY_ALLOWED_GROUP: 'S3CRET', OAUTH2_PROXY_NOTHING_LIKE_IT: 'S3CRET' };
    expect(valuesOf({ environment })).toEqual({});
    expect(findingsOf({ environment })).toEqual([
      'OAUTH2_PROXY_ALLOWED_GROUP (environment OAUTH2_PROXY_ALLOWED_GROUP) meaningless: oauth2-proxy reads no variable with this name; did you mean OAUTH2_PROXY_ALLOWED_GROUPS?',
      'OAUTH2_PROXY_NOTHING_LIKE_IT (environment OAUTH2_PROXY_NOTHING_LIKE_IT) meaningless: oauth2-proxy reads no variable with this name',
    ]);
  });

  test('of a Kubernetes Service are ignored', () => {
    const environment = {
      OAUTH2_PROXY_SERVICE_HOST: '10.0.0.1',
      OAUTH2_PROXY_SERVICE_PORT_HTTP: '80',
      OAUTH2_PROXY_PORT: 'tcp://10.0.0.1:80',
      OAUTH2_PROXY_PORT_80_TCP_ADDR: '10.0.0.1',
      OAUTH2_PROXY_METRICS_PORT: 'tcp://10.0.0.1:44180',
    };
    expect(valuesOf({ environment })).toEqual({});
    expect(findingsOf({ environment })).toEqual(
      Object.keys(environment).map(
        (name) => `${name} (environment ${name}) meaningless: Kubernetes sets it for a Service`,
      ),
    );
  });

  test('with a value of the wrong type are a problem, unless a flag overrides them', () => {
    const environment = { OAUTH2_PROXY_REVERSE_PROXY: 'S3CRET' };
    expect(problemsOf({ environment })).toEqual([
      'OAUTH2_PROXY_REVERSE_PROXY (environment OAUTH2_PROXY_REVERSE_PROXY): expected true or false',
    ]);
    expect(valuesOf({ environment, flags: ['--reverse-proxy'] })).toEqual({ 'reverse-proxy': true });
  });
});

describe('a variable file', () => {
  test('may contain exports, quotes and comments', () => {
    const text = [
      '# of the old proxy',
      'export OAUTH2_PROXY_OIDC_ISSUER_URL="https://issuer.example.com"',
      "OAUTH2_PROXY_CLIENT_ID='app # 1'",
      'OAUTH2_PROXY_SCOPE=openid email # both',
      '',
      'OAUTH2_PROXY_CLIENT_SECRET=a=b==',
    ].join('\r\n');
    expect(valuesOf({ files: { 'proxy.env': text } })).toEqual({
      'oidc-issuer-url': 'https://issuer.example.com',
      'client-id': 'app # 1',
      scope: 'openid email',
      'client-secret': '(not stored)',
    });
    expect(sourcesOf({ files: { settings: text } })['client-id']).toBe('settings:3 OAUTH2_PROXY_CLIENT_ID');
  });

  test('is overridden by the environment of this command', () => {
    const files = { '.env': 'OAUTH2_PROXY_SCOPE=a\n' };
    const environment = { OAUTH2_PROXY_SCOPE: 'b' };
    expect(valuesOf({ files, environment })).toEqual({ scope: 'b' });
    expect(findingsOf({ files, environment })).toEqual([
      'scope (.env:1 OAUTH2_PROXY_SCOPE) meaningless: environment OAUTH2_PROXY_SCOPE overrides it',
    ]);
  });

  test('reports a line that sets nothing', () => {
    expect(problemsOf({ files: { 'a.env': 'OAUTH2_PROXY_SCOPE=a\nS3CRET line\n' } })).toEqual([
      ' (a.env:2): expected a line such as `OAUTH2_PROXY_SCOPE=openid`',
    ]);
  });
});
