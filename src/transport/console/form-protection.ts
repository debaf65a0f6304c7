/** Rejects forms that another web page sends through the browser of an operator (cross-site request forgery). */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Html, html } from '../../runtime/html.ts';

/** The name of the hidden field. */
export const formTokenField = 'form_token';

/** Makes and checks the hidden field of forms. The key is random and ends with the process. */
export interface FormProtection {
  /** The hidden field. @param session the session of the reader; empty without one */
  readonly field: (session: string) => Html;
  /** Whether a form has the field of this session. */
  readonly isOwn: (session: string, value: string) => boolean;
}

/** Creates the protection with a new key. */
export function createFormProtection(): FormProtection {
  const key = randomBytes(32);
  const tokenOf = (session: string) => createHmac('sha256', key).update(session).digest('base64url');
  return {
    field: (session) => html`<input type="hidden" name="${formTokenField}" value="${tokenOf(session)}">`,
    isOwn: (session, value) => {
      const [expected, sent] = [Buffer.from(tokenOf(session)), Buffer.from(value)];
      return expected.length === sent.length && timingSafeEqual(expected, sent);
    },
  };
}

/** The headers and the connection of a form. */
export interface FormOrigin {
  /** The `origin` header. Browsers send it with every form. */
  readonly origin: string | undefined;
  readonly host: string | undefined;
  readonly isTls: boolean;
  /** Whether the request has an `authorization` header, which a form of another page cannot have. */
  readonly hasAuthorization: boolean;
}

/** Whether a form comes from a page of this listener, or from a client that is not a browser. */
export function isOwnOrigin({ origin, host, isTls, hasAuthorization }: FormOrigin): boolean {
  if (origin === undefined) return hasAuthorization;
  return host !== undefined && host !== '' && origin === `${isTls ? 'https' : 'http'}://${host}`;
}
