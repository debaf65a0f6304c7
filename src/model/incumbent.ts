/** The incumbent: the authorizer that decides while `shadow.authorizer` is set. */

/** An HTTP response of the incumbent. */
export interface IncumbentAnswer {
  readonly status: number;
  readonly statusText: string;
  /** Every header line, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** One character per byte. */
  readonly body: string;
  /** Whether the response has no body although its headers may describe one, as in a response to HEAD. */
  readonly isBodyless: boolean;
}

/** How our decision compares with the incumbent's: the values of the metric's label `result`. */
export const comparisons = {
  same: 'Both allow the request with the same identity headers, or both deny it with the same status code.',
  status_differs: 'Both deny the request, with different status codes.',
  headers_differ: 'Both allow the request, with different identity headers.',
  incumbent_allows:
    'The incumbent allows a request that this service would deny. The log record has the `reason`.',
  incumbent_refuses: 'The incumbent denies a request that this service would allow.',
  unavailable:
    'The incumbent did not answer within `shadow.timeout`. The check ends with `incumbent_unavailable`, and the request is denied.',
} as const;

/** A key of {@link comparisons}. */
export type Comparison = keyof typeof comparisons;
