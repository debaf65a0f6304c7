/** The findings of `doctor`. */

/** `error`: requests are decided wrongly, or no check works. `warning`: it is probably a mistake. `note`: for information. */
export type Severity = 'error' | 'warning' | 'note';

/** The location of a finding. */
export interface Place {
  /** The file, `standard input`, or the URL of a running service. */
  readonly file: string;
  readonly line?: number;
  /** The kind, namespace and name, for example `APIRule shop/orders`; empty if there is no object. */
  readonly object: string;
  /** The field, for example `spec.rules[0].extAuth`; empty for the whole object. */
  readonly path: string;
}

/** One finding. No text contains a token, a secret or a claim. */
export interface Finding {
  /** For example `K02`. It never changes its meaning. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly place: Place;
  /** The mistake. */
  readonly cause: string;
  /** The consequence for requests. */
  readonly effect: string;
  /** An instruction: the text to write, and its place. */
  readonly fix: string;
  /** The section of the documentation about this id. */
  readonly link: string;
}

/** A finding as its rule returns it. The rule's declaration supplies the absent parts. */
export interface Found {
  readonly place: Place;
  readonly cause: string;
  readonly severity?: Severity;
  readonly effect?: string;
  readonly fix?: string;
}
