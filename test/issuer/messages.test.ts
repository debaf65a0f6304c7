/** The messages for an operator if keys cannot be fetched, with real servers that have each of the usual faults. */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { planIssuer } from '../../src/issuer/issuer-plan.ts';
import { systemFiles } from '../../src/runtime/files/file-snapshot.ts';
import { followFiles } from '../../src/runtime/files/follow.ts';
import { configOf } from '../support/app.ts';
import { createChain } from '../support/chain.ts';
import { createTestClock } from '../support/clock.ts';

const chain = createChain();
const leaf = chain.leaf();
const caFile = '/etc/ca/idp.pem';

async function listen(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const plain = (status: number, headers: Record<string, string> = {}, body = '') =>
  listen(http.createServer((_, response) => response.writeHead(status, headers).end(body)));
const secure = (options: https.ServerOptions = { cert: leaf.cert + chain.intermediate, key: leaf.key }) =>
  listen(https.createServer(options, (_, response) => response.end('{}')));

/** The problem of an issuer with these options in YAML, as in `/readyz` and the log. */
async function problemOf(
  options: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const config = await configOf(`issuers: [{audiences: [a], name: main, ${options}}]\nkeys: {timeout: 2s}\n`);
  const [issuerConfig] = config.issuers;
  if (issuerConfig === undefined) throw new TypeError('no issuer');
  const message = Promise.withResolvers<string>();
  const files = {
    ...systemFiles,
    read: (path: string) => (path === caFile ? Buffer.from(chain.root) : systemFiles.read(path)),
  };
  const issuer = planIssuer(issuerConfig, config, {
    clock: createTestClock(),
    random: () => 0.5,
    environment,
    files: { ...followFiles(files, createTestClock()), read: (path) => (path === caFile ? chain.root : '') },
    eventsOf: () => ({
      onFetched: () => {},
      onTrustReload: () => {},
      onProblem: () => {},
      onStateChange: ({ problem }) => message.resolve(problem ?? ''),
      onUnusedKeys: () => {},
      onKeysChange: () => {},
    }),
  }).create();
  onTestFinished(issuer.stop);
  issuer.start();
  const problem = await message.promise;
  expect(problem, 'no raw text of OpenSSL').not.toMatch(/SSL routines|\.\.\/deps|unable to|Hostname\/IP/);
  return problem;
}

/** Each problem names its issuer. */
const expectProblem = async (options: string, message: RegExp, environment?: Record<string, string>) => {
  const problem = await problemOf(options, environment);
  expect(problem).toMatch(message);
  expect(problem).toContain('issuer main');
};

describe('certificates', () => {
  test('of an unknown CA', async () => {
    const port = await secure();
    await expectProblem(
      `issuer: "https://127.0.0.1:${port}"`,
      /not trusted; .*`issuers\[\]\.caFile`.*\((SELF_SIGNED_CERT_IN_CHAIN|UNABLE_\w+)\)$/,
    );
  });

  test('that are self-signed', async () => {
    const port = await secure(chain.selfSigned());
    await expectProblem(
      `issuer: "https://127.0.0.1:${port}"`,
      /self-signed.*`issuers\[\]\.caFile`.*\(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
    );
  });

  test("of another CA than `caFile`, without the system's CAs", async () => {
    const port = await secure(createChain().leaf());
    await expectProblem(
      `issuer: "https://127.0.0.1:${port}", caFile: ${caFile}, trustSystemCas: false`,
      /neither by `issuers\[\]\.caFile`.*`issuers\[\]\.trustSystemCas: true`/,
    );
  });

  test('that have expired', async () => {
    const { cert, key } = chain.leaf({ hasExpired: true });
    const port = await secure({ cert: cert + chain.intermediate, key });
    await expectProblem(
      `issuer: "https://127.0.0.1:${port}", caFile: ${caFile}`,
      /has expired; renew it.*\(CERT_HAS_EXPIRED\)$/,
    );
  });

  test('for another host', async () => {
    const { cert, key } = chain.leaf({ names: 'DNS:idp.example.com' });
    const port = await secure({ cert: cert + chain.intermediate, key });
    await expectProblem(
      `issuer: "https://127.0.0.1:${port}", caFile: ${caFile}`,
      /not valid for 127\.0\.0\.1, only for DNS:idp\.example\.com.*\(ERR_TLS_CERT_ALTNAME_INVALID\)$/,
    );
  });

  test('that the server requires of its clients', async () => {
    const port = await secure({
      cert: leaf.cert + chain.intermediate,
      key: leaf.key,
      requestCert: true,
      rejectUnauthorized: true,
      ca: chain.root,
      maxVersion: 'TLSv1.2',
    });
    await expectProblem(
      `issuer: "https://127.0.0.1:${port}", caFile: ${caFile}`,
      /mutual TLS|connection was closed/,
    );
  });
});

describe('protocols', () => {
  test('https:// for a plain HTTP server', async () => {
    const port = await plain(200);
    await expectProblem(
      `issuer: "https://127.0.0.1:${port}"`,
      new RegExp(`does not use TLS on port ${port}.*insecureHttp.*\\(EPROTO\\)$`),
    );
  });

  test('a truncated response over http://', async () => {
    const port = await listen(
      http.createServer((_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{');
        setImmediate(() => response.destroy());
      }),
    );
    const problem = await problemOf(`issuer: "http://127.0.0.1:${port}"`);
    expect(problem).toMatch(/the connection closed before the whole response arrived.*\(ECONNRESET\)$/);
    expect(problem).not.toContain('TLS');
  });

  test('http:// for a TLS server in Node', async () => {
    const port = await secure();
    await expectProblem(`issuer: "http://127.0.0.1:${port}"`, /https:\/\/ instead of http:\/\//);
  });

  test('http:// for a server that responds with a TLS alert', async () => {
    const port = await listen(
      net.createServer((socket) =>
        socket.once('data', () => socket.end(Buffer.from('15030300020246', 'hex'))),
      ),
    );
    await expectProblem(`issuer: "http://127.0.0.1:${port}"`, /it uses TLS on port .*\(HPE_\w+\)$/);
  });

  test('http:// for a TLS server that responds with status 400', async () => {
    const port = await plain(400, {}, 'Client sent an HTTP request to an HTTPS server.');
    await expectProblem(`issuer: "http://127.0.0.1:${port}"`, /status 400 instead of 200; .*try https:\/\//);
  });

  test('only versions of TLS that are too old', async () => {
    const port = await listen(
      tls.createServer({
        cert: leaf.cert + chain.intermediate,
        key: leaf.key,
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      }),
    );
    await expectProblem(
      `issuer: "https://127.0.0.1:${port}", caFile: ${caFile}`,
      /neither TLS 1\.2 nor TLS 1\.3/,
    );
  });

  test('something that is not HTTP', async () => {
    const port = await listen(net.createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')));
    await expectProblem(`issuer: "http://127.0.0.1:${port}"`, /not HTTP.*\(HPE_\w+\)$/);
  });
});

describe('the connection', () => {
  test('nothing listens', async () => {
    const port = await plain(200);
    const free = port === 1 ? 2 : 1;
    await expectProblem(
      `issuer: "http://127.0.0.1:${free}"`,
      /no connection to 127\.0\.0\.1:1: nothing listens there; .*`issuer`.*\(ECONNREFUSED\)$/,
    );
  });

  test('a name that does not exist', async () => {
    await expectProblem(
      'issuer: "https://nobody.invalid"',
      /nobody\.invalid (does not exist|cannot be resolved).*\((ENOTFOUND|EAI_AGAIN)\)$/,
    );
  });

  test('no response', async () => {
    const port = await listen(net.createServer(() => {}));
    await expectProblem(
      `issuer: "http://127.0.0.1:${port}"`,
      /did not respond within 2000 ms; .*NetworkPolicy.*`keys\.timeout`.*\(ETIMEDOUT\)$/,
    );
  });

  test('a closed connection', async () => {
    const port = await listen(net.createServer((socket) => socket.once('data', () => socket.destroy())));
    await expectProblem(`issuer: "https://127.0.0.1:${port}"`, /was closed.*\(ECONNRESET\)$/);
  });
});

describe('responses', () => {
  test.each([
    [401, /status 401 instead of 200; .*credentials/],
    [403, /status 403 instead of 200; .*credentials/],
    [
      404,
      /status 404 instead of 200; nothing is served there; check `issuer`.*The path of `issuer` may be incomplete$/,
    ],
    [429, /status 429 instead of 200; .*`keys\.refreshInterval`/],
    [500, /status 500 instead of 200; .*the issuer, or a proxy in front of it, fails/],
    [503, /status 503 instead of 200; .*the issuer, or a proxy in front of it, fails/],
  ])('status %i', async (status, message) => {
    await expectProblem(`issuer: "http://127.0.0.1:${await plain(status)}"`, message);
  });

  test.each(['jwksUri', 'discoveryUri'])('status 404 of `%s` names that option', async (option) => {
    const port = await plain(404);
    await expectProblem(
      `issuer: "https://idp.example.com", ${option}: "http://127.0.0.1:${port}/x"`,
      new RegExp(`nothing is served there; check \`${option}\``),
    );
  });

  test.each([
    ['a page', '<!doctype html><title>Log in</title>', /HTML or XML page/],
    ['nothing', '', /empty/],
    ['a text', 'secret words', /is not JSON/],
  ])('%s instead of a document, or a key set', async (_, body, message) => {
    const port = await plain(200, {}, body);
    const document = await problemOf(`issuer: "http://127.0.0.1:${port}"`);
    expect(document).toMatch(message);
    expect(document).toMatch(/`issuer`/);
    const keySet = await problemOf(`issuer: "https://idp.example.com", jwksUri: "http://127.0.0.1:${port}/"`);
    expect(keySet).toMatch(/`jwksUri`|not JSON/);
    expect(document + keySet).not.toMatch(/doctype|Log in|secret/);
  });
});

describe('a proxy', () => {
  const proxy = (status: number) =>
    listen(
      http
        .createServer((_, response) => response.writeHead(status).end())
        .on('connect', (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)),
    );

  test('that rejects', async () => {
    const port = await proxy(403);
    await expectProblem(
      `issuer: "https://idp.invalid", httpsProxy: "http://user:secret@127.0.0.1:${port}"`,
      new RegExp(
        `the proxy 127\\.0\\.0\\.1:${port} rejects .*idp\\.invalid.*403; .*\`issuers\\[\\]\\.httpsProxy\`.*\\(ERR_PROXY_TUNNEL\\)$`,
      ),
    );
  });

  test('of the environment that rejects', async () => {
    const port = await proxy(403);
    await expectProblem(`issuer: "https://idp.invalid", httpsProxy: env`, /rejects .*NO_PROXY/, {
      HTTPS_PROXY: `127.0.0.1:${port}`,
    });
  });

  test.each(['https', 'http'])('that requires a password, for %s', async (scheme) => {
    const port = await proxy(407);
    const problem = await problemOf(
      `issuer: "${scheme}://idp.invalid", insecureHttp: true, httpsProxy: "http://user:secret@127.0.0.1:${port}"`,
    );
    expect(problem).toMatch(/requires a user name and a password.*407.*`issuers\[\]\.httpsProxy`/);
    expect(problem).not.toContain('secret');
  });

  test('that does not listen', async () => {
    await expectProblem(
      'issuer: "https://idp.invalid", httpsProxy: "http://127.0.0.1:1"',
      /no connection to the proxy 127\.0\.0\.1:1: .*`issuers\[\]\.httpsProxy`.*\(ECONNREFUSED\)$/,
    );
  });

  test('of the environment that is not a URL', async () => {
    await expectProblem('issuer: "https://idp.invalid", httpsProxy: env', /HTTPS_PROXY/, {
      HTTPS_PROXY: 'socks5://127.0.0.1:1',
    });
  });
});

describe('a document that names another issuer', () => {
  const documentOf = async (configured: string, document: object) => {
    const port = await plain(
      200,
      {},
      JSON.stringify({ jwks_uri: `https://idp.example.com/keys`, ...document }),
    );
    return problemOf(
      `issuer: "${configured}", discoveryUri: "http://127.0.0.1:${port}/d", insecureHttp: true`,
    );
  };

  test.each([
    [
      'AD FS',
      'http://adfs.example.com/adfs/services/trust',
      {
        issuer: 'https://adfs.example.com/adfs',
        access_token_issuer: 'http://adfs.example.com/adfs/services/trust',
      },
      /access_token_issuer.*set `jwksUri: https:\/\/idp\.example\.com\/keys`/,
    ],
    [
      'a template',
      'https://login.microsoftonline.com/common/v2.0',
      { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' },
      /template for many tenants.*set `issuer` to that.*\{tenantid\}/,
    ],
    [
      'a slash',
      'https://idp.example.com',
      { issuer: 'https://idp.example.com/' },
      /differ only by a final slash, .*write `issuer: "https:\/\/idp\.example\.com\/"`/,
    ],
    [
      'no slash',
      'https://idp.example.com/a/',
      { issuer: 'https://idp.example.com/a' },
      /differ only by a final slash/,
    ],
    [
      'case',
      'https://IDP.example.com/Realms/x',
      { issuer: 'https://idp.example.com/realms/x' },
      /differ only by upper and lower case, /,
    ],
    [
      'case and a final slash',
      'https://idp.example.com/T',
      { issuer: 'https://idp.example.com/t/' },
      /only by upper and lower case and a final slash/,
    ],
    [
      'a port',
      'https://idp.example.com',
      { issuer: 'https://idp.example.com:443' },
      /only by the default port/,
    ],
    [
      'http',
      'https://idp.example.com',
      { issuer: 'http://idp.example.com' },
      /only by http:\/\/ and https:\/\/: .*public address.*hostname/,
    ],
    [
      'https',
      'http://idp.example.com',
      { issuer: 'https://idp.example.com' },
      /only by http:\/\/ and https:\/\/, and .*write `issuer: "https:/,
    ],
    [
      'another',
      'https://idp.example.com',
      { issuer: 'https://sts.example.net/' },
      /if tokens carry "https:\/\/sts\.example\.net\/" in `iss`, .*`jwksUri: https:\/\/idp\.example\.com\/keys`/,
    ],
    ['none', 'https://idp.example.com', {}, /does not name an issuer/],
    ['a number', 'https://idp.example.com', { issuer: 1 }, /does not name an issuer/],
  ])('%s', async (_, configured, document, message) => {
    expect(await documentOf(configured, document)).toMatch(message);
  });

  test('never suggests a `jwksUri` that would be rejected', async () => {
    const problem = await documentOf('https://idp.example.com', {
      issuer: 'https://other.example.com',
      jwks_uri: 'https://169.254.169.254/keys',
    });
    expect(problem).toContain('`jwksUri: URL`');
    expect(problem).not.toContain('169.254');
  });
});
