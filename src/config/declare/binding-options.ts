/** The options by which tokens that are bound to their client are verified. */
import * as z from 'zod';
import { duration, text, wholeNumber } from '../values/schemas.ts';

/** Proofs of possession (RFC 9449). */
export const dpopOptions = z
  .strictObject({
    origins: z
      .array(
        z
          .string()
          .refine(
            isOrigin,
            'expected an origin such as https://orders.example.com, in lower case, with nothing behind it',
          )
          .meta({ title: 'an origin such as https://orders.example.com' }),
      )
      .default([])
      .describe(
        "The origins under which clients reach the workloads. A DPoP proof must be made for the one whose host the check names, and for the check's path. Empty: proofs are not understood.",
      ),
    maxAge: duration({ from: '1s', to: '10m' })
      .prefault('1m')
      .describe('How long after its `iat` a DPoP proof is good; each is good once.'),
    maxProofs: wholeNumber(1, 10_000_000)
      .default(100_000)
      .describe(
        'Most proofs that are remembered of the tokens of one issuer, so that none is good twice; each for at most `dpop.maxAge` and 30 s. When there is no room, further ones end as `overloaded`. Each worker remembers its own.',
      ),
    maxProofsPerKey: wholeNumber(1, 10_000_000)
      .optional()
      .describe(
        'Most of them of one key, so that one client cannot take the room of others; at most `dpop.maxProofs`. Absent: a fifth of that.',
      ),
  })
  .refine(({ maxProofs, maxProofsPerKey = 1 }) => maxProofsPerKey <= maxProofs, {
    message: 'is more than dpop.maxProofs, the most of all keys together; lower it, or raise dpop.maxProofs',
    path: ['maxProofsPerKey'],
  })
  .prefault({});

/** Certificates of clients (RFC 8705). */
export const clientCertificateOptions = z
  .strictObject({
    trustedHops: wholeNumber(0, 10)
      .default(0)
      .describe(
        "How many proxies write `x-forwarded-client-cert`, counted from the one that asks: 1 where that one ends the client's TLS. 0: the header is not read.",
      ),
    trustedProxyUri: z
      .union([z.literal(''), text()])
      .default('')
      .meta({
        title: '"" or the URI of a certificate, such as spiffe://cluster.local/ns/istio-system/sa/gateway',
      })
      .describe(
        "Instead of `trustedHops`: the URI in the certificate of the proxy that ends the client's TLS. Only what that proxy wrote of its peer is believed.",
      ),
  })
  .refine(({ trustedHops, trustedProxyUri }) => trustedHops === 0 || trustedProxyUri === '', {
    message: 'trustedHops and trustedProxyUri say the same in two ways; keep one of them',
    path: ['trustedProxyUri'],
  })
  .prefault({});

/** How many proofs of one key are remembered. */
export function proofsPerKey(dpop: {
  readonly maxProofs: number;
  readonly maxProofsPerKey?: number | undefined;
}): number {
  return dpop.maxProofsPerKey ?? Math.ceil(dpop.maxProofs / 5);
}

/** The most that the clock of a client may be ahead of ours, in milliseconds. */
export const proofClockTolerance = 30_000;

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
}
