/** The protocol of a check. */
export type Transport = 'http' | 'grpc';
