/** The header changes for the upstream request. */

/** The headers to set and to remove. No name is in both lists. */
export interface Forwarding {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
  /** Values of the token that are not forwarded, for the metric. */
  readonly withheld: readonly Withheld[];
  /** The prepared response of each transport; undefined if only this request uses the changes. */
  readonly answers: { http: unknown; grpc: unknown } | undefined;
}

/** Which headers a token sets, without their values. Tokens with the same claims share one. */
export interface HeaderShape {
  readonly list: HeaderList;
  /** Each has the next value, or the text of the token. */
  readonly set: readonly { readonly header: string; readonly from: 'values' | 'token' | 'bearer' }[];
  readonly remove: readonly string[];
  readonly withheld: readonly Withheld[];
}

/** A configured list of headers. */
export interface HeaderList {
  /** The same object for all lists of a configuration. */
  readonly configuration: object;
}

/** A value that is not forwarded. */
export interface Withheld {
  readonly header: string;
  readonly cause: WithheldCause;
}

/** Why a value is not forwarded, or only in part: the values of the metric's label `cause`. */
export const withheldCauses = {
  characters:
    'The value has a character outside U+0020 to U+007E, or white space at its start or end. With an `encoding`: it has an unpaired surrogate.',
  length: 'The value is longer than 4 KiB.',
  total_length: 'With this value, all forwarded values together would be longer than 8 KiB.',
  type: 'The value or a list member is not a string, a number or a boolean, or it is an integer beyond 2^53.',
  comma: 'A list member contains a comma, which separates members. The other members are forwarded.',
  separator:
    'The upstream could split a list member at the configured `separator`. The other members are forwarded.',
} as const;

/** A key of {@link withheldCauses}. */
export type WithheldCause = keyof typeof withheldCauses;
