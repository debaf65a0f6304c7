/** Asks an HTTP check listener, as Envoy's HTTP ext_authz does. */
import type { ExplainRequest } from '../../model/explanation.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { type ClientTls, NoAnswer, sendOnce } from '../http-client.ts';
import type { EnvoyAnswer, EnvoyDecision } from './envoy-answer.ts';
import { headerLinesOf, toBytes } from './request-lines.ts';

/** The header of a response that lists the headers to remove from the upstream request. */
const removalHeader = 'x-envoy-auth-headers-to-remove';

/**
 * Sends a check.
 *
 * @param pathPrefix the `path_prefix` of the proxy; empty if it has none
 * @throws NoAnswer if the listener does not answer, or if the request cannot be sent over HTTP/1.1
 */
export async function askOverHttp(
  origin: URL,
  request: ExplainRequest,
  pathPrefix: string,
  tls: ClientTls,
  clock: Clock,
): Promise<EnvoyAnswer> {
  const { method, host, path } = request;
  // Node's client writes methods in upper case, and treats CONNECT as a tunnel.
  if (method !== method.toUpperCase() || method === 'CONNECT')
    throw new NoAnswer(`this command cannot send the method ${method} over HTTP; use --grpc`);
  const { status, statusText, headers, body } = await sendOnce(
    origin,
    {
      method,
      target: toBytes(`${pathPrefix}${path}`),
      headers: [
        ['host', toBytes(host)],
        ...headerLinesOf(request).map(([name, value]) => [name, toBytes(value)] as const),
      ],
      // Envoy's check has `content-length: 0`.
      body: '',
    },
    tls,
    clock,
  );
  const named = (name: string) => headers.filter(([one]) => one.toLowerCase() === name);
  const remove = named(removalHeader)
    .flatMap(([, value]) => value.split(','))
    .map((name) => name.trim());
  return {
    transport: 'http',
    status,
    statusText,
    headers: headers.filter(([name]) => name.toLowerCase() !== removalHeader),
    remove,
    body,
    metadata: {},
    envoy: envoyDecision(status),
  };
}

/** Envoy allows only 200. A 5xx is a failed check, not a decision. */
function envoyDecision(status: number): EnvoyDecision {
  if (status === 200) return { does: 'allow' };
  if (status >= 500) return { does: 'failure', why: `the answer has the status ${status}` };
  return { does: 'deny', clientStatus: status };
}
