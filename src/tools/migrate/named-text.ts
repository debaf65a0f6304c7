/** The input files of a migration. */

/** The name and the text of one file. */
export interface NamedText {
  /** The path, or `standard input`. */
  readonly name: string;
  readonly text: string;
}
