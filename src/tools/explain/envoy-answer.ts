/** The answer of a check listener, and what Envoy makes of it. */
import type { HeaderLine } from '../../runtime/raw-headers.ts';

/** Envoy's action after a check. `failure`: it applies its failure mode. */
export type EnvoyDecision =
  | { readonly does: 'allow' }
  | { readonly does: 'deny'; readonly clientStatus: number }
  | { readonly does: 'failure'; readonly why: string };

/** An answer of a check listener. */
export interface EnvoyAnswer {
  readonly transport: 'http' | 'grpc';
  /** The HTTP status, or the code of the CheckResponse. */
  readonly status: number;
  /** The text of the status: the reason phrase, or the message of the CheckResponse. */
  readonly statusText: string;
  /** The headers to set on the upstream request if it is allowed, otherwise those for the client. */
  readonly headers: readonly HeaderLine[];
  /** The headers to remove from the upstream request. */
  readonly remove: readonly string[];
  readonly body: string;
  /** The dynamic metadata; empty over HTTP. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly envoy: EnvoyDecision;
}
