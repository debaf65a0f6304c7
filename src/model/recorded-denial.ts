/** A recorded denial. The service keeps the last ones in memory, so that an operator can ask for one by its decision ID. */
import type { DenyReason, ErrorReason } from './reasons.ts';
import type { Transport } from './transport.ts';

/** A decision that did not allow the request, or would not have without shadow mode. It has no token and no claim values. */
export interface RecordedDenial {
  /** The decision ID, as the client received it. */
  readonly id: string;
  /** When the check ended, in milliseconds since the epoch. */
  readonly time: number;
  readonly transport: Transport;
  readonly outcome: 'deny' | 'error';
  readonly reason: DenyReason | ErrorReason;
  /** Whether shadow mode allowed the request, or the incumbent decided. */
  readonly enforced: boolean;
  readonly method: string;
  readonly host: string;
  /** Without the query. */
  readonly path: string;
  readonly requestId: string;
  readonly policy?: string | undefined;
  readonly rule?: string | undefined;
  /** The configured name of the issuer. */
  readonly issuer?: string | undefined;
  /** Text of the detail: the expected and the found values. Absent if `log.detail` is false. */
  readonly detail?: string | undefined;
  /** The path of the option that decided, such as `issuers[0].audiences`. */
  readonly option?: string | undefined;
}
