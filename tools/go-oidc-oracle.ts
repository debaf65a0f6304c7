/** Verifies tokens with go-oidc, the library that many Go services use. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
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
  const child = spawn(path, { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  return {
    ask: (question) =>
      new Promise((resolve) => {
        waiting.push((line) => resolve(JSON.parse(line).error));
        child.stdin.write(`${JSON.stringify(question)}\n`);
      }),
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve());
        child.stdin.end();
      }),
  };
}
