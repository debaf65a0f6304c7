/** The story of a guarded workload, told in the terminal, each step with what it must come to. */
import type { Received } from '../tools/workload.ts';
import { fetchPlain } from './gateway.ts';

/** What the story needs. */
export interface Cast {
  readonly port: number;
  readonly good: string;
  readonly expired: string;
  readonly say: (line: string) => void;
}

/** What a step came to. */
interface Outcome {
  readonly status: number;
  readonly challenge: string;
  readonly received: Received | undefined;
}

interface Step {
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  /** What else must be so; says what it saw. */
  readonly sees?: (outcome: Outcome) => readonly (readonly [what: string, isSo: boolean])[];
}

/** Tells the story; gives the number of steps that did not come to what they must. */
export async function tellStory({ port, good, expired, say }: Cast): Promise<number> {
  let failures = 0;
  for (const { title, headers, status, sees } of steps(good, expired)) {
    const outcome = await ask(port, headers);
    const seen = [
      [
        `${outcome.status}${outcome.challenge === '' ? '' : `  www-authenticate: ${outcome.challenge}`}`,
        outcome.status === status,
      ] as const,
      ...(sees?.(outcome) ?? []),
    ];
    say(`  ${title}`);
    for (const [what, isSo] of seen) {
      say(`    ${isSo ? '✓' : '✗'} ${what}`);
      if (!isSo) failures++;
    }
  }
  return failures;
}

function steps(good: string, expired: string): readonly Step[] {
  return [
    {
      title: 'without a token',
      headers: {},
      status: 401,
      sees: ({ challenge, received }) => [
        ['the workload was not reached', received === undefined && challenge === 'Bearer'],
      ],
    },
    {
      title: 'with a token of the issuer',
      headers: { authorization: `Bearer ${good}` },
      status: 200,
      sees: ({ received }) =>
        [
          ['x-auth-request-user', 'orders-client'],
          ['x-auth-request-email', 'orders-client@example.com'],
          ['x-auth-request-groups', 'demo,orders'],
        ].map(
          ([name = '', value]) =>
            [
              `the workload received  ${name}: ${valuesOf(received, name)}`,
              valuesOf(received, name) === value,
            ] as const,
        ),
    },
    { title: 'with a token that has expired', headers: { authorization: `Bearer ${expired}` }, status: 401 },
    {
      title: 'with a token whose subject was changed',
      headers: { authorization: `Bearer ${forge(good)}` },
      status: 401,
    },
    {
      title: 'with a token, and an identity that the client made up',
      headers: {
        authorization: `Bearer ${good}`,
        'x-auth-request-user': 'admin',
        x_auth_request_user: 'admin',
        'x-auth-request-preferred-username': 'admin',
      },
      status: 200,
      sees: ({ received }) => [
        [
          `the workload received  x-auth-request-user: ${valuesOf(received, 'x-auth-request-user')}`,
          valuesOf(received, 'x-auth-request-user') === 'orders-client',
        ],
        [
          'x_auth_request_user and x-auth-request-preferred-username were removed',
          received !== undefined && !JSON.stringify(received.headers).includes('admin'),
        ],
      ],
    },
  ];
}

async function ask(port: number, headers: Readonly<Record<string, string>>): Promise<Outcome> {
  const { status, headers: answered, body } = await fetchPlain({ port, path: '/orders/1', headers });
  const received = status === 200 ? (JSON.parse(body) as Received) : undefined;
  return { status, challenge: answered['www-authenticate'] ?? '', received };
}

function valuesOf(received: Received | undefined, name: string): string {
  const values = received?.headers.filter(([key]) => key === name).map(([, value]) => value) ?? [];
  return values.join(' | ');
}

/** The same token with another subject, under the signature that it had. */
function forge(token: string): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return [
    header,
    Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url'),
    signature,
  ].join('.');
}
