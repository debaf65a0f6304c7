/** The options for tokens that are bound to a client key or a client certificate. */
import { z } from '../schema/schema.ts';
import { duration, oneOf, text, wholeNumber } from '../values/schemas.ts';

/** DPoP proofs (RFC 9449). */
export const dpopOptions = z
  .strictObject({
    origins: z
      .array(
        z
          .string()
          .refine(
            isOrigin,
            'must be an origin such as https://orders.example.com, in lower case and without a path',
          )
          .meta({ title: 'an origin such as https://orders.example.com' }),
      )
      .default([])
      .describe(
        'Origins that clients use to reach the workloads. A DPoP proof must name one of them with the host of the check, and the path of the check. Empty: DPoP is disabled.',
      ),
    maxAge: duration({ from: '1s', to: '10m' })
      .prefault('1m')
      .describe('How long a DPoP proof is valid after its `iat`. Each proof is valid once.'),
    maxProofs: wholeNumber(1, 10_000_000)
      .default(100_000)
      .describe(
        'Maximum stored DPoP proofs per issuer, to detect a replay. Each is stored for at most `dpop.maxAge` plus 30 s. If the store is full, a check with a new proof ends with `overloaded`. Each worker has its own store.',
      ),
    maxProofsPerKey: wholeNumber(1, 10_000_000)
      .optional()
      .describe(
        'Maximum stored DPoP proofs per key, so one client cannot fill the store; at most `dpop.maxProofs`. Absent: a fifth of `dpop.maxProofs`.',
      ),
    store: oneOf('off', 'closed', 'local')
      .default('off')
      .describe(
        'Whether each proof is valid once for all replicas and workers, by the store. It needs `state`. While the store is away, `closed` ends a check with a proof with `proofs_unavailable`, and `local` accepts a proof once in each process, as `off` always does.',
      ),
  })
  .refine(({ maxProofs, maxProofsPerKey = 1 }) => maxProofsPerKey <= maxProofs, {
    message:
      'must be at most dpop.maxProofs, the limit for all keys together; lower it, or raise dpop.maxProofs',
    path: ['maxProofsPerKey'],
  })
  .prefault({});

/** Client certificates (RFC 8705). */
export const clientCertificateOptions = z
  .strictObject({
    trustedHops: wholeNumber(0, 10)
      .default(0)
      .describe(
        "Number of proxies that write `x-forwarded-client-cert`, counted from the proxy that sends the check. 1: that proxy terminates the client's TLS. 0: the header is ignored.",
      ),
    trustedProxyUri: z
      .union([z.literal(''), text()])
      .default('')
      .meta({
        title: '"" or the URI of a certificate, such as spiffe://cluster.local/ns/istio-system/sa/gateway',
      })
      .describe(
        "Replaces `trustedHops`: the URI in the certificate of the proxy that terminates the client's TLS. Only the elements that this proxy wrote about its peer are trusted.",
      ),
  })
  .refine(({ trustedHops, trustedProxyUri }) => trustedHops === 0 || trustedProxyUri === '', {
    message: 'trustedHops is set too; keep one of the two',
    path: ['trustedProxyUri'],
  })
  .prefault({});

/** Returns the maximum number of stored proofs per key. */
export function proofsPerKey(dpop: {
  readonly maxProofs: number;
  readonly maxProofsPerKey?: number | undefined;
}): number {
  return dpop.maxProofsPerKey ?? Math.ceil(dpop.maxProofs / 5);
}

/** How far the clock of a client may be ahead, in milliseconds. */
export const proofClockTolerance = 30_000;

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
}
