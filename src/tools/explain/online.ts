/** Asks the admin listener of a running service. */
import type { ExplainRequest, ServiceExplanation, ServiceState } from '../../model/explanation.ts';
import { reasons } from '../../model/reasons.ts';
import type { RecordedDenial } from '../../model/recorded-denial.ts';
import { type AdminAccess, askAdmin, jsonOf } from '../admin-client.ts';
import type { OneResponse } from '../http-client.ts';
import { NoAnswer } from '../http-client.ts';

/** A recorded denial, as the admin listener sends it: its time is in ISO 8601. */
export type SentDenial = Omit<RecordedDenial, 'time'> & { readonly time: string };

/**
 * Asks the service to explain a request.
 *
 * @throws NoAnswer if it does not
 */
export async function explainOnline(
  access: AdminAccess,
  request: ExplainRequest,
): Promise<ServiceExplanation> {
  const response = await askAdmin(access, 'POST', '/explain', JSON.stringify(request));
  if (response.status === 404)
    throw new NoAnswer(
      `${access.origin.origin} does not explain requests: it is not the admin listener of this version`,
    );
  const answer = jsonOf(response, access);
  if (hasShape(answer, explained) && Object.hasOwn(reasons, answer.explanation.reason))
    return answer as unknown as ServiceExplanation;
  throw unexpected(response, access);
}

/** A recorded denial, and the state of the service now. */
export interface FoundDenial {
  readonly recorded: SentDenial;
  readonly service: ServiceState;
}

/**
 * Asks for a recorded denial.
 *
 * @returns undefined if the service does not have it
 * @throws NoAnswer if the service does not answer
 */
export async function findDenial(access: AdminAccess, id: string): Promise<FoundDenial | undefined> {
  const response = await askAdmin(access, 'GET', `/decisions/${id}`);
  if (response.status === 404) return undefined;
  const answer = jsonOf(response, access);
  if (hasShape(answer, recorded) && Object.hasOwn(reasons, answer.reason)) {
    const { service, ...denial } = answer as unknown as SentDenial & { readonly service: ServiceState };
    return { recorded: denial, service };
  }
  throw unexpected(response, access);
}

/** Examples of the members that are always there. An example of a list has one member. */
const explained = {
  explanation: {
    outcome: 'deny',
    reason: 'token_missing',
    steps: [{ step: 'decision', result: 'failed', subject: 'the decision' }],
    isVerified: false,
    hasIncumbent: false,
    answer: {
      isLeftToEnvoy: false,
      http: { status: 401, headers: [['name', 'value']] },
      grpc: { code: 16, httpStatus: 401 },
    },
  },
  service: {
    version: '',
    configHash: '',
    ready: true,
    draining: false,
    workers: 1,
    uptimeSeconds: 1,
    failedReloads: [{ what: '', files: [''], problem: '', since: 1 }],
    issuers: [{ name: '', state: '', keys: 1 }],
  },
};
const recorded = {
  id: '',
  time: '',
  transport: '',
  outcome: '',
  reason: '',
  enforced: true,
  method: '',
  host: '',
  path: '',
  requestId: '',
  service: explained.service,
};

/** Whether a value has the members of an example, with the same types. Another server can answer with anything. */
function hasShape<Shape>(value: unknown, example: Shape): value is Shape {
  if (typeof example !== 'object' || example === null) return typeof value === typeof example;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(example))
    return Array.isArray(value) && value.every((member) => hasShape(member, example[0]));
  return Object.entries(example).every(([name, member]) =>
    hasShape((value as Readonly<Record<string, unknown>>)[name], member),
  );
}

function unexpected({ status }: OneResponse, { origin }: AdminAccess): NoAnswer {
  return new NoAnswer(
    `${origin.origin} answers ${status} with other content; is it the admin listener of this version?`,
  );
}
