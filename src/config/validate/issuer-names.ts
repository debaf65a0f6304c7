/** The names that issuers go by in logs and metrics. */

/** The label of checks that belong to no issuer. */
const reservedName = 'none';

/** Names the issuers that have no name: after their host, or as much more of the issuer as tells them apart. */
export function named<Issuer extends { readonly issuer: string; readonly name?: string | undefined }>(
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
    const tellsApart = (nameOf: (issuer: string) => string) =>
      !taken.has(nameOf(issuer)) &&
      issuers.filter((other) => nameOf(other.issuer) === nameOf(issuer)).length === 1;
    return { ...entry, name: name ?? names.find(tellsApart)?.(issuer) ?? `issuer ${issuer}` };
  });
}
