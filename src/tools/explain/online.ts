/** Asks the admin listener of a running service. */
import type { ExplainRequest, ServiceExplanation } from '../../model/explanation.ts';
import type { RecordedDenial } from '../../model/recorded-denial.ts';
import { parseJson } from '../../runtime/parse-json.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { type ClientTls, NoAnswer } from './envoy-answer.ts';
import { type OneRequest, type OneResponse, sendOnce } from './http-client.ts';

/** A recorded denial, as the admin listener sends it: its time is in ISO 8601. */
export type SentDenial = Omit<RecordedDenial, 'time'> & { readonly time: string };

/** How to reach an admin listener. */
export interface AdminAccess {
  readonly origin: URL;
  readonly tls: ClientTls;
  /** The content of `admin.tokenFile`; undefined to send none. */
  readonly token: string | undefined;
  readonly clock: Clock;
}

/**
 * Asks the service to explain a request.
 *
 * @throws NoAnswer if it does not
 */
export async function explainOnline(
  access: AdminAccess,
  request: ExplainRequest,
): Promise<ServiceExplanation> {
  const response = await send(access, 'POST', '/explain', JSON.stringify(request));
  if (response.status === 404)
    throw new NoAnswer(
      `${access.origin.origin} does not explain requests: it is not the admin listener of this version`,
    );
  const answer = contentOf(response, access);
  if (typeof answer === 'object' && answer !== null && 'explanation' in answer && 'service' in answer)
    return answer as ServiceExplanation;
  throw unexpected(response, access);
}

/**
 * Asks for a recorded denial.
 *
 * @returns undefined if the service does not have it
 * @throws NoAnswer if the service does not answer
 */
export async function findDenial(access: AdminAccess, id: string): Promise<SentDenial | undefined> {
  const response = await send(access, 'GET', `/decisions/${id}`);
  if (response.status === 404) return undefined;
  const answer = contentOf(response, access);
  if (typeof answer === 'object' && answer !== null && 'id' in answer && 'reason' in answer)
    return answer as SentDenial;
  throw unexpected(response, access);
}

function send(
  { origin, tls, token, clock }: AdminAccess,
  method: OneRequest['method'],
  target: string,
  body = '',
): Promise<OneResponse> {
  return sendOnce(
    origin,
    {
      method,
      target,
      headers: [
        ['host', origin.host],
        ...(body === '' ? [] : [['content-type', 'application/json'] as const]),
        ...(token === undefined ? [] : [['authorization', `Bearer ${token}`] as const]),
      ],
      body,
    },
    tls,
    clock,
  );
}

/** The JSON of a response with status 200. */
function contentOf(response: OneResponse, { origin }: AdminAccess): unknown {
  const { status, body } = response;
  // The service writes every other response as one line of text, without a value of the request.
  if (status !== 200)
    throw new NoAnswer(
      `${origin.origin} answers ${status}${body === '' ? '' : `: ${body.trim().slice(0, 500)}`}`,
    );
  try {
    return parseJson(body);
  } catch (error) {
    throw new NoAnswer(`${origin.origin} does not answer with JSON; is it the admin listener?`, {
      cause: error,
    });
  }
}

function unexpected({ status }: OneResponse, { origin }: AdminAccess): NoAnswer {
  return new NoAnswer(
    `${origin.origin} answers ${status} with other content; is it the admin listener of this version?`,
  );
}
