/** The requests of the demo, each with its expected result. */
import type { Received } from '../tools/workload.ts';
import { fetchPlain } from './gateway.ts';

/** The gateway and the tokens of the steps. */
export interface StepOptions {
  /** The port of the gateway. */
  readonly port: number;
  readonly validToken: string;
  readonly expiredToken: string;
  readonly print: (line: string) => void;
}

/** The result of a step. */
interface StepResult {
  readonly status: number;
  readonly challenge: string;
  readonly received: Received | undefined;
  /** The decision ID of a denial. */
  readonly decision: string;
}

/** The results of all steps. */
export interface StepResults {
  /** The number of unexpected results. */
  readonly failures: number;
  /** The decision ID of the response to the expired token. */
  readonly expiredDecision: string;
}

interface Step {
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  /** Further expectations: what was found, and whether it is right. */
  readonly expects?: (result: StepResult) => readonly (readonly [found: string, isRight: boolean])[];
}

/** Runs the steps and prints their results. */
export async function runSteps({ port, validToken, expiredToken, print }: StepOptions): Promise<StepResults> {
  let failures = 0;
  let expiredDecision = '';
  for (const { title, headers, status, expects } of steps(validToken, expiredToken)) {
    const result = await send(port, headers);
    const findings = [
      [
        `${result.status}${result.challenge === '' ? '' : `  www-authenticate: ${result.challenge}`}`,
        result.status === status,
      ] as const,
      ...(expects?.(result) ?? []),
    ];
    if (headers.authorization === `Bearer ${expiredToken}`) expiredDecision = result.decision;
    print(`  ${title}`);
    for (const [found, isRight] of findings) {
      print(`    ${isRight ? '✓' : '✗'} ${found}`);
      if (!isRight) failures++;
    }
  }
  return { failures, expiredDecision };
}

function steps(validToken: string, expiredToken: string): readonly Step[] {
  return [
    {
      title: 'without a token',
      headers: {},
      status: 401,
      expects: ({ challenge, received }) => [
        ['the request did not reach the workload', received === undefined && challenge === 'Bearer'],
      ],
    },
    {
      title: 'with a valid token',
      headers: { authorization: `Bearer ${validToken}` },
      status: 200,
      expects: ({ received }) =>
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
    { title: 'with an expired token', headers: { authorization: `Bearer ${expiredToken}` }, status: 401 },
    {
      title: 'with a token whose subject was changed',
      headers: { authorization: `Bearer ${forge(validToken)}` },
      status: 401,
    },
    {
      title: 'with a valid token and forged identity headers',
      headers: {
        authorization: `Bearer ${validToken}`,
        'x-auth-request-user': 'admin',
        x_auth_request_user: 'admin',
        'x-auth-request-preferred-username': 'admin',
      },
      status: 200,
      expects: ({ received }) => [
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

async function send(port: number, headers: Readonly<Record<string, string>>): Promise<StepResult> {
  const { status, headers: answered, body } = await fetchPlain({ port, path: '/orders/1', headers });
  const received = status === 200 ? (JSON.parse(body) as Received) : undefined;
  const decision = String(answered['x-oidc-authz-decision'] ?? '');
  return { status, challenge: answered['www-authenticate'] ?? '', received, decision };
}

function valuesOf(received: Received | undefined, name: string): string {
  const values = received?.headers.filter(([key]) => key === name).map(([, value]) => value) ?? [];
  return values.join(' | ');
}

/** The same token with another subject and the old signature. */
function forge(token: string): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return [
    header,
    Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url'),
    signature,
  ].join('.');
}
