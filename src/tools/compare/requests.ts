/** The requests of a comparison: each token, and no token, with each method and path. */

import type { CheckRequest } from '../../model/check-request.ts';
import { requestOf } from '../in-process-service.ts';
import { readInputFile } from '../input-file.ts';
import { singleProblem } from '../single-problem.ts';

/** A request to send to both authorizers. */
export interface ComparedRequest {
  /** Names the request in the report. */
  readonly name: string;
  /** The method and the path. */
  readonly target: string;
  readonly request: CheckRequest;
  /** Empty for a request without one; never printed. */
  readonly token: string;
}

/** The parts of the requests. */
export interface RequestOptions {
  readonly methods: readonly string[];
  readonly paths: readonly string[];
  readonly host: string;
  /** The file with one token on each line. */
  readonly tokenFile: string;
  readonly readFile: (path: string) => string;
}

/**
 * Makes the requests.
 *
 * @throws ConfigError if the file cannot be read, or a line is not a token, or there is no token
 */
export function comparedRequests(options: RequestOptions): readonly ComparedRequest[] {
  const { methods, paths, host } = options;
  const credentials = [
    ['no token', ''] as const,
    ...[...readTokens(options)].map(([line, token]) => [`line ${line + 1}`, token] as const),
  ];
  const targets = methods.flatMap((method) => paths.map((path) => ({ method, path })));
  return targets.flatMap(({ method, path }) =>
    credentials.map(([name, token]) => ({
      name: `${name}, ${method} ${path}`,
      target: `${method} ${path}`,
      token,
      request: requestOf(method, path, host, token),
    })),
  );
}

/** The tokens by line, counted from 0; empty lines and lines that begin with # are left out. */
function readTokens({ tokenFile, readFile }: RequestOptions): ReadonlyMap<number, string> {
  const text = readInputFile(tokenFile, readFile, `flag --tokens ${tokenFile}`);
  const lines = text.split(/\r?\n/).map((line) => line.trim().replace(/^Bearer +/i, ''));
  const tokens = new Map([...lines.entries()].filter(([, line]) => line !== '' && !line.startsWith('#')));
  const invalid = [...tokens].find(([, token]) => !/^[\x21-\x7e]+$/.test(token));
  if (invalid !== undefined)
    throw singleProblem(`${tokenFile}:${invalid[0] + 1}`, 'expected one token on a line, without spaces');
  if (tokens.size === 0)
    throw singleProblem(`flag --tokens ${tokenFile}`, 'the file has no token; write one token on each line');
  return tokens;
}
