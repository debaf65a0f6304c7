/** The token that a command reads from a file or from standard input. */
import { withoutByteOrderMark } from '../runtime/byte-order-mark.ts';
import { singleProblem } from './single-problem.ts';

/**
 * Reads the token in a text: the token alone, or after its scheme.
 *
 * @param source how a problem names the text
 * @param schemes the schemes that the text may have. Without a scheme in the text, the first one applies
 * @throws ConfigError if the text is not one token
 */
export function credentialIn<Scheme extends string>(
  text: string,
  source: string,
  schemes: readonly [Scheme, ...Scheme[]],
): { readonly scheme: Scheme; readonly token: string } {
  const value = withoutByteOrderMark(text)
    .trim()
    .replace(/^authorization: */i, '');
  const scheme = schemes.find((one) => value.toLowerCase().startsWith(`${one.toLowerCase()} `));
  const token = scheme === undefined ? value : value.slice(scheme.length).trim();
  const message =
    token === ''
      ? 'it is empty; expected one token'
      : token.startsWith('{')
        ? 'it is the response of a token endpoint; use the value of its `access_token`'
        : 'expected one token, without spaces';
  if (!/^[\x21-\x7e]+$/.test(token) || token.startsWith('{')) throw singleProblem(source, message);
  return { scheme: scheme ?? schemes[0], token };
}
