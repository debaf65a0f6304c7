/** Reads the text of a form (application/x-www-form-urlencoded). */

/** The fields of a form. A missing field is empty. If a field is repeated, only its first value counts. */
export type Form = (name: string) => string;

/** The content type of the only accepted bodies. */
export const formType = 'application/x-www-form-urlencoded';

/** Reads a form. */
export function readForm(text: string): Form {
  const fields = new URLSearchParams(text);
  return (name) => fields.get(name) ?? '';
}
