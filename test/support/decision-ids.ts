/** Decision IDs in responses. They differ each time, so a test replaces them before it compares whole responses. */

/** 8 bytes in base32: the last of 13 characters has only 4 bits. */
export const decisionId = /^[a-z2-7]{12}[acegikmoqsuwy246]$/;

/** The id in the examples of the documentation. */
export const exampleId = 'mzxw6ytboi2dk';

/** Replaces the id in the text of a response, in its header and in its body, with the one of the documentation. */
export function withExampleId(text: string): string {
  return text
    .replaceAll(/(x-oidc-authz-decision: )[a-z2-7]{13}/g, `$1${exampleId}`)
    .replaceAll(/("decision":")[a-z2-7]{13}"/g, `$1${exampleId}"`);
}

/** The id of a response. @throws Error if its header and its JSON body do not have the same id */
export function decisionIdOf(
  answer: { readonly headers: Readonly<Record<string, unknown>>; readonly body: string } | undefined,
): string {
  const id = String(answer?.headers['x-oidc-authz-decision']);
  const { decision } = JSON.parse(answer?.body ?? '{}') as { decision?: unknown };
  if (!decisionId.test(id) || decision !== id)
    throw new Error(`the header has the id "${id}", and the body "${decision}"`);
  return id;
}
