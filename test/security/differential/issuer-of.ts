/** Which judge a token goes to. */

/** The issuer that a token names, read leniently. */
export function issuerOf(token: string): string {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return String(claims.iss);
  } catch {
    return '';
  }
}
