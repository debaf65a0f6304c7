/** Which reason a check ended with, as the metrics tell it: the one that was counted meanwhile. */

/** Does something that causes one check, and gives what it came to and the reason that was counted. */
export type ReasonReader = <T>(
  transport: 'http' | 'grpc',
  act: () => Promise<T>,
) => Promise<{ readonly reason: string; readonly result: T }>;

/** Makes a reader of a service's admin listener. Nobody else may ask the service meanwhile. */
export function createReasonReader(adminPort: number): ReasonReader {
  const countsOf = async (transport: string) => {
    const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    const counts = new Map<string, number>();
    for (const [, labels = '', value] of text.matchAll(/^oidc_authz_checks_total\{(.*)\} (\d+)$/gm)) {
      const [, reason = ''] = /reason="(\w+)"/.exec(labels) ?? [];
      if (labels.includes(`transport="${transport}"`))
        counts.set(reason, (counts.get(reason) ?? 0) + Number(value));
    }
    return counts;
  };
  return async (transport, act) => {
    const before = await countsOf(transport);
    const result = await act();
    const after = await countsOf(transport);
    const risen = [...after].flatMap(([reason, count]) =>
      Array<string>(count - (before.get(reason) ?? 0)).fill(reason),
    );
    return { reason: risen.join(' and ') || 'none', result };
  };
}
