/** Reads the request to explain: from flags or a file, with the token of another file. */
import type { ExplainRequest } from '../../model/explanation.ts';
import { checkedRequest, InvalidRequest } from '../../service/explain/request.ts';
import { readRequestFile } from '../../tools/explain/request-file.ts';
import { readInputFile } from '../../tools/input-file.ts';
import { singleProblem } from '../../tools/single-problem.ts';
import { credentialIn } from '../../tools/token-input.ts';
import type { FlagReader } from '../flag-reader.ts';

/** The name of standard input. */
const standardInput = '-';

/**
 * Reads the request.
 *
 * @param file a file with a request; undefined if flags describe it
 * @throws ConfigError if a value or a file is invalid
 */
export function readRequest(
  flags: FlagReader,
  file: string | undefined,
  readFile: (path: string) => string,
  readInput: () => string,
): ExplainRequest {
  const described =
    file === undefined ? fromFlags(flags) : readRequestFile(readInputFile(file, readFile), file);
  // A prefix of the proxy is a part of the path, except for `--http`, which sends it itself.
  const prefix = flags.has('--http') ? '' : (flags.last('--path-prefix') ?? '');
  const request = { ...described, path: `${prefix}${described.path}` };
  const tokenFile = flags.last('--token-file');
  if (tokenFile === undefined) return checked(request);
  const isInput = tokenFile === standardInput;
  const source = isInput ? 'standard input' : tokenFile;
  const text = readInputFile(tokenFile, isInput ? readInput : readFile, source);
  const { scheme, token } = credentialIn(text, source, ['Bearer', 'DPoP']);
  if (request.token !== undefined || request.headers.some(([name]) => name.toLowerCase() === 'authorization'))
    throw singleProblem('flag --token-file', `${file} has a token too; keep one of the two`);
  return checked(
    scheme === 'Bearer'
      ? { ...request, token }
      : { ...request, headers: [['authorization', `${scheme} ${token}`], ...request.headers] },
  );
}

function fromFlags(flags: FlagReader): ExplainRequest {
  const policy = flags.last('--policy');
  return {
    method: flags.last('--method') ?? 'GET',
    host: flags.last('--host') ?? 'localhost',
    path: flags.last('--path') ?? '/',
    headers: flags.all('--header').map(headerOf),
    ...(policy !== undefined && { policy }),
  };
}

function headerOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon)).trim();
  if (name === '')
    throw singleProblem('flag --header', "expected a name and a value, such as 'x-tenant: blue'");
  if (name.toLowerCase() === 'authorization')
    throw singleProblem(
      'flag --header',
      'a token on the command line is visible to other users; write it to a file for --token-file',
    );
  return [name, line.slice(colon + 1).trim()];
}

function checked(request: ExplainRequest): ExplainRequest {
  try {
    return checkedRequest(request);
  } catch (error) {
    if (error instanceof InvalidRequest) throw singleProblem('the request', error.message);
    throw error;
  }
}
