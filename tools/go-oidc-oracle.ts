/** What go-oidc makes of a token beside a key set: it is what many services in Go verify tokens with. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type FoundProgram, ownGoProgram } from './programs.ts';

/** A token, and what it is judged by. */
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

/** A go-oidc that runs. */
export interface GoOidcOracle {
  /** Why the token is refused; empty where it is accepted. */
  readonly ask: (question: GoOidcQuestion) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Builds it; gives its path. */
export function findGoOidcOracle(): Promise<FoundProgram> {
  return ownGoProgram('go-oidc-oracle');
}

/** Starts it. */
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
