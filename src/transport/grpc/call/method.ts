/** The methods of gRPC services. */
import type { Detail } from '../../../model/trace.ts';
import type { FieldSelection } from '../message/field-filter.ts';
import type { Frame } from '../message/framing.ts';
import type { CallFailure } from '../status.ts';

/** The result of a unary call. */
export type UnaryResult = Frame | CallFailure;

/**
 * Why a request was rejected: it is too large; or it did not arrive or was not decompressed in time, or there was no
 * memory for it.
 */
export type RejectCause = 'too_large' | 'overloaded';

/** A method. */
export type Method = UnaryMethod | StreamingMethod;

/** A method with one response. */
export interface UnaryMethod {
  readonly kind: 'unary';
  /** The fields that are read of a request; undefined for all. */
  readonly fields?: FieldSelection;
  /**
   * Responds to a request. Its promise never rejects.
   *
   * @param timeLeft milliseconds until the response must be sent; undefined if the call has no timeout
   */
  readonly respond: (
    request: Buffer,
    timeLeft: () => number | undefined,
  ) => UnaryResult | Promise<UnaryResult>;
  /**
   * Responds to a rejected request. Without it, the call fails.
   *
   * @param soFar the fields that have arrived, as a message
   * @param detail why, for the operator
   */
  readonly reject?: (cause: RejectCause, soFar: Buffer, detail: Detail) => UnaryResult | Promise<UnaryResult>;
}

/** The responses of a streaming call. */
export interface ResponseStream {
  readonly send: (message: Frame) => void;
  /** Ends the call after the responses that were sent. */
  readonly end: (status: number) => void;
}

/** A method with any number of responses. */
export interface StreamingMethod {
  readonly kind: 'streaming';
  /** @returns a function to call when the call has ended */
  readonly open: (request: Buffer, responses: ResponseStream) => () => void;
}
