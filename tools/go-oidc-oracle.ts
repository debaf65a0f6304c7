/** Verifies tokens with go-oidc, the library that many Go services use. */
import { startLineProgram } from './line-program.ts';
import { type FoundProgram, ownGoProgram } from './programs.ts';

/** A token, with the key set and settings for its verification. */
export interface GoOidcQuestion {
  /** The key set, as text. */
  readonly jwks: string;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly token: string;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** A running go-oidc. */
export interface GoOidcOracle {
  /** Why the token is rejected; empty if it is accepted. */
  readonly ask: (question: GoOidcQuestion) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Builds the program and returns its path. */
export function findGoOidcOracle(): Promise<FoundProgram> {
  return ownGoProgram('go-oidc-oracle');
}

/** Starts the program. */
export function startGoOidcOracle(path: string): GoOidcOracle {
  const { ask, stop } = startLineProgram(path);
  return {
    ask: async (question) => JSON.parse(await ask(JSON.stringify(question))).error,
    stop,
  };
}
