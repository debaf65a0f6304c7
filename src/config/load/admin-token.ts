/** Reads `admin.tokenFile`, the file with the token that gives access to the admin listener. */

/** The shortest token, in characters. The listener does not limit how often a client guesses. */
const minLength = 16;

/**
 * Reads the token. White space at its end is removed.
 *
 * @throws Error if the file has no token, a short one, or a text that cannot be sent as a bearer token (RFC 6750 section 2.1)
 */
export function readAdminToken(text: string): string {
  const token = text.trimEnd();
  if (token === '')
    throw new Error(
      'the file is empty; write a random token into it, for example with `openssl rand -hex 32`',
    );
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Error(
      'must have one line of visible ASCII characters without spaces; write a token such as the output of `openssl rand -hex 32`',
    );
  if (token.length < minLength)
    throw new Error(
      `the token has ${token.length} characters, and must have at least ${minLength}; write a random token such as the output of \`openssl rand -hex 32\``,
    );
  return token;
}
