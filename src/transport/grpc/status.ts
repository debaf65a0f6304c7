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
}
