/** How issuers end sessions: with a logout token, or with a frame in the browser. */

/** The answer to an issuer. */
export interface LogoutAnswer {
  readonly status: 200 | 400 | 404 | 429 | 501;
  /** The error of the body; undefined with 200. */
  readonly error?: 'invalid_request' | 'temporarily_unavailable' | 'unknown_issuer' | 'not_configured';
}

/** The answers. No promise rejects. */
export interface LogoutAnswers {
  /**
   * Answers a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.8).
   *
   * @param issuer the name of the issuer, as in the path
   * @param token undefined if the form has none, or several
   */
  readonly backChannel: (issuer: string, token: string | undefined) => Promise<LogoutAnswer>;
  /** Answers a frame of the issuer (OpenID Connect Front-Channel Logout 1.0 section 3). */
  readonly frontChannel: (issuer: string, query: URLSearchParams) => Promise<LogoutAnswer>;
}

/** The sessions have ended. */
export const ended: LogoutAnswer = { status: 200 };

/** The request is not valid. The log of the service has the cause. */
export const invalid: LogoutAnswer = { status: 400, error: 'invalid_request' };

/** The store does not answer (section 2.8: 400 also if the logout failed). */
export const unconfirmed: LogoutAnswer = { status: 400, error: 'temporarily_unavailable' };

/** Too many requests at the same time. */
export const tooMany: LogoutAnswer = { status: 429, error: 'temporarily_unavailable' };

/** No issuer with this name signs people in. */
export const unknownIssuer: LogoutAnswer = { status: 404, error: 'unknown_issuer' };

/** The option is off. */
export const notConfigured: LogoutAnswer = { status: 501, error: 'not_configured' };
