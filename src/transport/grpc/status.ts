/** The gRPC status codes that this service answers with (gRPC core documentation, statuscodes.md). */
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

/** How a call failed: its status and a message for the caller. */
export interface CallFailure {
  readonly status: number;
  readonly message: string;
}
