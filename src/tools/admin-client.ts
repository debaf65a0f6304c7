/** Asks the admin listener of a running service. */
import { parseJson } from '../runtime/parse-json.ts';
import type { Clock } from '../runtime/time/clock.ts';
import {
  type ClientTls,
  NoAnswer,
  type OneRequest,
  type OneResponse,
  type ResponseLimits,
  sendOnce,
} from './http-client.ts';

/** How to reach an admin listener. */
export interface AdminAccess {
  readonly origin: URL;
  readonly tls: ClientTls;
  /** The content of `admin.tokenFile`; undefined to send none. */
  readonly token: string | undefined;
  readonly clock: Clock;
}

/**
 * Sends a request.
 *
 * @param body JSON; undefined for none
 * @throws NoAnswer if there is no complete response
 */
export function askAdmin(
  { origin, tls, token, clock }: AdminAccess,
  method: OneRequest['method'],
  target: string,
  body?: string,
  limits?: ResponseLimits,
): Promise<OneResponse> {
  return sendOnce(
    origin,
    {
      method,
      target,
      headers: [
        ['host', origin.host],
        ...(body === undefined ? [] : [['content-type', 'application/json'] as const]),
        ...(token === undefined ? [] : [['authorization', `Bearer ${token}`] as const]),
      ],
      body,
    },
    tls,
    clock,
    limits,
  );
}

/** Another server can answer with characters that act on a terminal. */
function withoutControls(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** The mistake of the operator that a status shows. The admin listener itself never answers 401. */
function hintOf(status: number, token: string | undefined): string {
  if (status === 401) return '; this is not the admin listener, whose port is 8081 by default';
  return status === 403 && token !== undefined
    ? ' The service does not accept the token of --admin-token-file.'
    : '';
}

/**
 * The JSON of a response.
 *
 * @param statuses the expected statuses
 * @throws NoAnswer if it has another status, or is not JSON
 */
export function jsonOf(
  response: OneResponse,
  { origin, token }: Pick<AdminAccess, 'origin' | 'token'>,
  statuses: readonly number[] = [200],
): unknown {
  const { status, body } = response;
  // The service writes every other response as one line of text, without a value of the request.
  if (!statuses.includes(status))
    throw new NoAnswer(
      `${origin.origin} answers ${status}${body === '' ? '' : `: ${withoutControls(body.trim().slice(0, 500))}`}${hintOf(status, token)}`,
    );
  try {
    return parseJson(body);
  } catch (error) {
    throw new NoAnswer(`${origin.origin} does not answer with JSON; is it the admin listener?`, {
      cause: error,
    });
  }
}
