/** The parameters of an issuer's answer in the query of the callback (RFC 6749 section 4.1.2, RFC 9207, JARM section 2.3). */

const parameters = [
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'error_uri',
  'session_state',
  'response',
] as const;

/** The name of a parameter. */
export type CallbackParameter = (typeof parameters)[number];

/** The longest answer that is read, in characters. */
export const maxCallback = 4_096;

/** The first parameter that is there more than once (RFC 6749 section 3.1). A second one could be read instead of the first. */
export function repeatedParameter(query: URLSearchParams): CallbackParameter | undefined {
  return parameters.find((name) => query.getAll(name).length > 1);
}
