/** The header lines of a request to explain, as a proxy sends them. */
import type { ExplainRequest } from '../../model/explanation.ts';
import type { HeaderLine } from '../../runtime/raw-headers.ts';

/** The header lines, with the token as an `authorization` header. Without `host`. */
export function headerLinesOf({ headers, token }: ExplainRequest): readonly HeaderLine[] {
  return token === undefined ? headers : [['authorization', `Bearer ${token}`], ...headers];
}

/** Converts text to HTTP/1.1's form: one character per byte of UTF-8. */
export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
