/**
 * A client with a valid certificate and the stolen token of another client, through a real Envoy, with any header
 * and any certificate that its CA signs.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { type ClientTls, istioGateway, istioSidecar } from '../../tools/istio.ts';
import { type Received, startWorkload } from '../../tools/workload.ts';
import { fileFor, startApp } from '../support/app.ts';
import {
  type Authority,
  type CertificateFiles,
  type CertificateWish,
  createAuthority,
} from '../support/certificates.ts';
import { type Details, elementOf } from '../support/envoy-client-cert.ts';
import { describeWith } from '../support/real-servers.ts';

const gateway = 'spiffe://cluster.local/ns/istio-system/sa/gateway';
const sidecar = 'spiffe://cluster.local/ns/shop/sa/web';
const everything: Details = { cert: true, chain: true, subject: true, uri: true, dns: true };
const nothing: Details = { cert: false, chain: false, subject: false, uri: false, dns: false };

/** A client: its certificate, and the forwarded fields of it. */
interface Client {
  readonly files: CertificateFiles;
  readonly hash: string;
  readonly thumbprint: string;
  readonly wish: CertificateWish;
}

function clientOf(authority: Authority, name: string, wish: CertificateWish): Client {
  const files = authority.issueFor(name, wish);
  const { raw } = new X509Certificate(readFileSync(files.certFile));
  const sha256 = () => createHash('sha256').update(raw);
  return { files, hash: sha256().digest('hex'), thumbprint: sha256().digest('base64url'), wish };
}

/** Subjects that Envoy escapes. */
const subjects = (victim: string): CertificateWish[] => [
  { subject: [['CN', 'mallory']] },
  { subject: [] },
  {
    subject: [
      ['CN', 'Mallory, Ünïcode "日本"'],
      ['O', 'A & B; C=D, #1 <x@example.com> + \\'],
    ],
    uris: ['spiffe://cluster.local/ns/shop/sa/mallory', 'https://example.com/a?b=c'],
    dnsNames: ['mallory.example.com', '*.mallory.example.com'],
  },
  // The longest allowed name.
  { subject: [['description', `a",Hash=${victim};X="`]] },
  { subject: [['CN', `";Hash=${victim.slice(0, 40)}`]] },
  { subject: [['CN', ` \\" " \\\\" ,Hash=x;Subject="`]], uris: ['spiffe://a/b'] },
  { subject: [['CN', '"']] },
  { subject: [['CN', '\\']] },
];

/** URIs and DNS names that Envoy does not escape. */
const names = (victim: string): CertificateWish[] => [
  { subject: [], uris: [`x,Hash=${victim}`] },
  { subject: [], uris: [`x,By=${gateway};Hash=${victim};Subject="CN=v";URI=spiffe://v`] },
  { subject: [], uris: [`x;Hash=${victim}`] },
  { subject: [], uris: ['"'] },
  { subject: [], uris: [`";Cert=",By=${sidecar};Hash=${victim};Subject="";URI=${gateway}`] },
  { subject: [], uris: [`",Hash=${victim}`], dnsNames: ['"'] },
  { subject: [['CN', '"']], dnsNames: [`a.example.com,Hash=${victim}`] },
  { subject: [], dnsNames: [`a.example.com;URI=${gateway}`] },
  { subject: [], uris: [gateway] },
  { subject: [], uris: [`x\r\nx-forwarded-client-cert: Hash=${victim}\r\nx-y: z`] },
  { subject: [], uris: [`x\nHash=${victim}`] },
];

/** The header values of a client, one per line. */
const texts = (victim: string): (string | string[])[] => {
  const forged = `By=${gateway};Hash=${victim};Subject="CN=v";URI=spiffe://v`;
  return [
    ...[`Hash=${victim}`, forged, `${forged},${forged}`, `By=${gateway};Hash=${victim}`],
    ...[`By=${sidecar};Hash=${victim};URI=${gateway}`, `Hash=${victim},By=${sidecar};URI=${gateway};Hash=00`],
    ...[`By=spiffe://x/gw;Hash=${victim};X="`, `Hash=${victim};Subject="`, `Hash=${victim};Subject="\\`],
    ...[`Hash=${victim};URI="`, `Hash=${victim};X="a"b`, `Hash=${victim};X=a"`, `Hash=${victim};X="\\"`],
    ...[`Hash=${victim};`, `Hash=${victim},`, `,Hash=${victim}`, `Hash=${victim};X=`, `Hash=${victim};X`],
    ...[
      `Hash="${victim}"`,
      ` Hash=${victim}`,
      `hash=${victim}`,
      `Hash=${victim};Hash=${victim}`,
      '"',
      '\\',
      ',',
    ],
    [`Hash=${victim};X="`, `"`],
    [`Hash=${victim}`, `Hash=${victim}`],
    [`Hash=${victim};X="`, `";Hash=${victim}`],
  ];
};

/** Envoy itself rejects a header with a line break: 403 before a check, 503 on the way to another Envoy. */
const refusals = [401, 403, 503];
const anyAnswer = [200, ...refusals];

const settings = [
  ['trustedHops: 1', everything],
  ['trustedHops: 1', nothing],
  [`trustedProxyUri: "${gateway}"`, everything],
] as const;

describeWith('a real Envoy', await findEnvoy(), (path) => {
  describe.each(['http', 'grpc'] as const)('over %s', (transport) => {
    describe.each(['SANITIZE_SET', 'APPEND_FORWARD'] as const)('with %s', (forwardClientCert) => {
      test.each(settings)(
        '%s, with the certificate details %j: no client can impersonate another',
        { timeout: 180_000 },
        async (option, details) => {
          const authority = createAuthority();
          const victim = clientOf(authority, 'victim', { subject: [['CN', 'victim']] });
          const { port, mint } = await mesh(authority, transport, { forwardClientCert, details }, option);
          await attack({ authority, victim, port, mint, details, forwardClientCert });
        },
      );
    });
  });

  describe.each(['http', 'grpc'] as const)('behind another one, over %s', (transport) => {
    test.each(['trustedHops: 2', `trustedProxyUri: "${gateway}"`])(
      '%s: no client can impersonate another',
      { timeout: 180_000 },
      async (option) => {
        const authority = createAuthority();
        const victim = clientOf(authority, 'victim', { subject: [['CN', 'victim']] });
        const forwardClientCert = 'APPEND_FORWARD';
        const behind = await mesh(
          authority,
          transport,
          { forwardClientCert, details: { subject: true, uri: true } },
          option,
          sidecar,
        );
        const own = authority.issueFor('gateway', { subject: [], uris: [gateway], dnsNames: ['localhost'] });
        const clientTls = {
          ...own,
          caFile: authority.caFile,
          forwardClientCert,
          details: everything,
        } as const;
        const front = await startEnvoy(path, (ports) =>
          istioGateway({ clientTls, sidecar: behind.port }, ports),
        );
        onTestFinished(front.stop);
        await attack({
          authority,
          victim,
          port: front.port,
          mint: behind.mint,
          details: everything,
          forwardClientCert,
          isLast: false,
        });
        // Without the gateway, the certificate of a client in the mesh is not used.
        if (option.startsWith('trustedHops')) return;
        const evil = clientOf(authority, 'evil', {
          subject: [],
          uris: ['spiffe://cluster.local/ns/evil/sa/x'],
        });
        const send = ask(behind.port, authority, evil);
        for (const text of [undefined, ...texts(victim.hash), ...texts(evil.hash)])
          for (const token of [await behind.mint(victim), await behind.mint(evil)])
            expect([text, (await send(token, text)).status]).toEqual([text, 401]);
        send.close();
      },
    );
  });

  /** An Envoy that terminates TLS and sends checks, in front of a workload that returns what it received. */
  async function mesh(
    authority: Authority,
    transport: 'http' | 'grpc',
    tls: Pick<ClientTls, 'forwardClientCert' | 'details'>,
    option: string,
    uri = gateway,
  ) {
    const file = `${fileFor('ISSUER').replace('name: main', 'name: main, boundTokens: verify')}clientCertificates: {${option}}\n`;
    const service = await startApp({ file });
    const workload = await startWorkload();
    const server = authority.issueFor('envoy', {
      subject: [['CN', 'envoy']],
      uris: [uri],
      dnsNames: ['localhost'],
    });
    const envoy = await startEnvoy(path, (ports) =>
      istioSidecar(
        {
          transport,
          authorizers: [transport === 'http' ? service.httpPort : service.grpcPort],
          workload: workload.port,
          includeRequestHeadersInCheck: ['authorization', 'x-forwarded-client-cert'],
          clientTls: { ...server, caFile: authority.caFile, ...tls },
        },
        ports,
      ),
    );
    onTestFinished(async () => {
      await envoy.stop();
      await workload.close();
    });
    const mint = ({ thumbprint }: Client) =>
      service.issuer.mint({ claims: { cnf: { 'x5t#S256': thumbprint } } });
    return { port: envoy.port, mint };
  }
});

/** The target of an attack. */
interface Target {
  readonly authority: Authority;
  readonly victim: Client;
  readonly port: number;
  /** Creates a token that is bound to the certificate of a client. */
  readonly mint: (client: Client) => Promise<string>;
  /** The fields that the TLS proxy forwards. */
  readonly details: Details;
  readonly forwardClientCert: ClientTls['forwardClientCert'];
  /** Whether that proxy sends the checks. */
  readonly isLast?: boolean;
}

/** Tries every certificate with every text: with the victim's token, which must never be allowed, and with the client's own. */
async function attack(target: Target): Promise<void> {
  const { authority, victim, port, mint, details, forwardClientCert, isLast = true } = target;
  const stolen = await mint(victim);
  expect((await ask(port, authority, victim)(stolen)).status).toBe(200);

  for (const [kind, wishes] of Object.entries({
    subject: subjects(victim.hash),
    name: names(victim.hash),
  }))
    for (const [index, wish] of wishes.entries()) {
      const client = clientOf(authority, `${kind}${index}`, wish);
      const own = await mint(client);
      const send = ask(port, authority, client);
      const plain = await send(own);
      // The model must match what Envoy writes.
      if (plain.status === 200) {
        const written = writtenOf(client, authority, details);
        if (isLast) expect(plain.header).toBe(written);
        else expect(plain.header.startsWith(`${written},By=${sidecar};`)).toBe(true);
      }
      const isContained = kind === 'subject' || details === nothing;
      expect([wish, plain.status]).toEqual([wish, isContained ? 200 : expect.toBeOneOf(anyAnswer)]);
      expect([wish, (await send(stolen)).status]).toEqual([wish, expect.toBeOneOf(refusals)]);
      for (const text of texts(victim.hash)) {
        const { status } = await send(stolen, text);
        expect([wish, text, status]).toEqual([wish, text, expect.toBeOneOf(refusals)]);
        const isOwn = (await send(own, text)).status;
        const isSure = isContained && forwardClientCert === 'SANITIZE_SET';
        expect([wish, text, isOwn]).toEqual([wish, text, isSure ? 200 : expect.toBeOneOf(anyAnswer)]);
      }
      send.close();
    }
  // A harmless text before the proxy's element does not cause a denial.
  const honest = clientOf(authority, 'honest', { subject: [['CN', 'honest']] });
  const send = ask(port, authority, honest);
  expect((await send(await mint(honest), 'Hash=00,By=x;Subject="a,b;c"')).status).toBe(200);
  send.close();
}

/** The header that Envoy writes for a client, according to the model. */
function writtenOf({ hash, wish, files }: Client, { ca }: Authority, details: Details): string {
  const { subject, uris = [], dnsNames = [] } = wish;
  const written = elementOf({ hash, subject: subject.toReversed(), uris, dnsNames }, [gateway], {
    ...details,
    cert: false,
    chain: false,
  });
  if (!details.cert) return written;
  const pem = encodeURIComponent(readFileSync(files.certFile, 'utf8'));
  return written.replace(
    `Hash=${hash}`,
    `Hash=${hash};Cert="${pem}";Chain="${pem}${encodeURIComponent(ca)}"`,
  );
}

interface Send {
  (token: string, text?: string | string[]): Promise<{ readonly status: number; readonly header: string }>;
  readonly close: () => void;
}

/** Sends requests through Envoy on one connection with a client's certificate. */
function ask(port: number, { ca }: Authority, { files }: Client): Send {
  const agent = new https.Agent({
    ca,
    cert: readFileSync(files.certFile),
    key: readFileSync(files.keyFile),
    keepAlive: true,
    maxSockets: 1,
  });
  const send = (token: string, text?: string | string[]) =>
    new Promise<{ status: number; header: string }>((resolve, reject) => {
      const headers = {
        host: 'orders.example.com',
        authorization: `Bearer ${token}`,
        ...(text !== undefined && { 'x-forwarded-client-cert': text }),
      };
      https
        .get({ host: '127.0.0.1', port, servername: 'localhost', headers, agent }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const status = response.statusCode ?? 0;
            const { headers: received } =
              status === 200 ? (JSON.parse(Buffer.concat(chunks).toString()) as Received) : { headers: [] };
            const [, header = ''] = received.find(([name]) => name === 'x-forwarded-client-cert') ?? [];
            resolve({ status, header });
          });
        })
        .on('error', reject);
    });
  return Object.assign(send, { close: () => agent.destroy() });
}
