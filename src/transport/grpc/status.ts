/** gRPC statuses, and the failures of calls. */
import type { Detail } from '../../model/trace.ts';

/** The gRPC status codes that this service uses (gRPC core documentation, statuscodes.md). */
export const grpcStatus = {
  ok: 0,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** The status of a failed call, with a message for the client. */
export interface CallFailure {
  readonly status: number;
  readonly message: string;
  /** Which limit the request exceeds, for the operator. */
  readonly detail?: Detail;
  /** The id of the decision, if there is one. The client receives it in the trailers. */
  readonly decision?: string | undefined;
}
