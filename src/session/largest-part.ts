/** Names the part of a session that needs the most space. */
import type { Session } from './session.ts';

/** The largest part, in words for the log and the page, and its bytes. */
export function largestPart(session: Session): { readonly tooLarge: string; readonly bytes: number } {
  const parts: (readonly [string, number])[] = [
    ['the access token', session.accessToken?.length ?? 0],
    ['the ID token', session.idToken?.length ?? 0],
    ['the refresh token', session.refreshToken?.length ?? 0],
    ...Object.entries(session.claims).map(
      ([claim, value]) => [`the claim ${claim}`, Buffer.byteLength(JSON.stringify(value) ?? '')] as const,
    ),
  ];
  const [largest] = parts.toSorted(([, one], [, other]) => other - one);
  return { tooLarge: largest?.[0] ?? '', bytes: largest?.[1] ?? 0 };
}
