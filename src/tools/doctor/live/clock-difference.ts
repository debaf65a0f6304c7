/** Compares the clock of a server with the one of this machine. */

/**
 * Returns by how much the clock of a server is ahead, in milliseconds.
 * It reads `Date` (RFC 9110 section 6.6.1) and `Age` (RFC 9111 section 5.1).
 * A difference below 1 s has no meaning, because `Date` has whole seconds.
 *
 * @param headers with names in lower case.
 * @param sent when the request was sent, in milliseconds since the epoch.
 * @param received when the response arrived.
 * @returns undefined without a valid `Date`
 */
export function clockDifference(
  headers: Readonly<Record<string, string>>,
  sent: number,
  received: number,
): number | undefined {
  const date = Date.parse(headers.date ?? '');
  if (Number.isNaN(date)) return undefined;
  const age = /^\d{1,9}$/.test(headers.age ?? '') ? Number(headers.age) * 1_000 : 0;
  return date + 500 + age - (sent + received) / 2;
}
