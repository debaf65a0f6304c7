/** Why an authorizer cannot be compared: no connection, or another protocol. */

import type { IncumbentAnswer } from '../../model/incumbent.ts';

/**
 * Explains why an authorizer gives no usable answer to any request.
 *
 * @param isFirst whether this is the first request, so that every reason concerns all requests
 * @returns undefined if it answered, or if the error concerns one request only
 */
export function noAnswerProblem(answer: IncumbentAnswer | Error, isFirst: boolean): string | undefined {
  if (answer instanceof Error) return connectionProblem(answer) ?? (isFirst ? answer.message : undefined);
  const needsTls = answer.status === 400 && /HTTP request to an HTTPS server/i.test(answer.body);
  return needsTls ? 'the server expects TLS; try https:// instead of http://' : undefined;
}

function connectionProblem({ message, cause }: Error): string | undefined {
  const code = String(cause instanceof Error && 'code' in cause ? cause.code : '');
  if (code === 'ECONNREFUSED') return 'nothing listens at this URL; start the server, or correct the port';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host name cannot be resolved; correct it';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'there is no route to the host';
  if (code === 'EPROTO' || /wrong.version.number|packet.length.too.long/i.test(`${code} ${message}`))
    return 'the server does not use TLS; try http:// instead of https://';
  if (/CERT|SELF_SIGNED|ALTNAME|ISSUER/.test(code))
    return `its certificate is not trusted (${code}); name the CA's file in NODE_EXTRA_CA_CERTS`;
  if (/^HPE_/.test(code)) return 'the server does not use HTTP; try https://, or another port';
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return 'the server closes the connection without an answer; change http:// to https://, or https:// to http://';
  return undefined;
}
