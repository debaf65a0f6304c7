/**
 * Keeps the ID token of a refresh away from the library. It would throw the whole answer away if it does not accept the token, with the new
 * refresh token. Our own verification checks the same, and more.
 */
import type { WebFetch } from '../../issuer/fetch/web-fetch.ts';
import { parseJson } from '../../runtime/parse-json.ts';

/** A `fetch` for one refresh, and the ID token that it took out of the answer. */
export interface HeldIdToken {
  readonly fetch: WebFetch;
  /** Undefined if the answer had none. */
  readonly idToken: () => string | undefined;
}

/** Creates the `fetch`. */
export function holdIdToken(fetch: WebFetch): HeldIdToken {
  let held: string | undefined;
  return {
    idToken: () => held,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      const text = response.status === 200 ? await response.text() : undefined;
      if (text === undefined) return response;
      const { id_token: idToken, ...others } = membersOf(text);
      const { status, headers } = response;
      // The library explains why an answer of another form is not usable.
      if (typeof idToken !== 'string') return new Response(text, { status, headers });
      held = idToken;
      return new Response(JSON.stringify(others), { status, headers });
    },
  };
}

/** The members of a JSON object; empty for another text. */
function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = parseJson(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}
