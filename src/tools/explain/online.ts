/** Asks the admin listener of a running service. */
import type { ExplainRequest, ServiceExplanation, ServiceState } from '../../model/explanation.ts';
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
  if (typeof answer === 'object' && answer !== null && 'explanation' in answer && 'service' in answer)
    return answer as ServiceExplanation;
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
  if (typeof answer === 'object' && answer !== null && 'reason' in answer && 'service' in answer) {
    const { service, ...recorded } = answer as SentDenial & { readonly service: ServiceState };
    return { recorded, service };
  }
  throw unexpected(response, access);
}

function unexpected({ status }: OneResponse, { origin }: AdminAccess): NoAnswer {
  return new NoAnswer(
    `${origin.origin} answers ${status} with other content; is it the admin listener of this version?`,
  );
}
