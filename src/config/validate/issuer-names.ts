/** The names of issuers in logs and metrics. */

/** The label of checks without an issuer. */
const reservedName = 'none';

/** Names the unnamed issuers: after their host, or after as much of the issuer as makes the name unique. */
export function nameIssuers<Issuer extends { readonly issuer: string; readonly name?: string | undefined }>(
  issuers: readonly Issuer[],
): (Issuer & { readonly name: string })[] {
  const names: readonly ((issuer: string) => string)[] = [
    (issuer) => (URL.canParse(issuer) ? new URL(issuer).host || issuer : issuer),
    (issuer) => issuer.replace(/^[a-z]+:\/\//, ''),
    (issuer) => issuer,
  ];
  const taken = new Set([reservedName, ...issuers.map(({ name }) => name)]);
  return issuers.map((entry) => {
    const { issuer, name } = entry;
    const isUnique = (nameOf: (issuer: string) => string) =>
      !taken.has(nameOf(issuer)) &&
      issuers.filter((other) => nameOf(other.issuer) === nameOf(issuer)).length === 1;
    return { ...entry, name: name ?? names.find(isUnique)?.(issuer) ?? `issuer ${issuer}` };
  });
}
