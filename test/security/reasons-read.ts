/** Reads the reason of a check from the metrics. */

/** Runs a function that causes one check, and returns its result with the counted reason. */
export type ReasonReader = <T>(
  transport: 'http' | 'grpc',
  act: () => Promise<T>,
) => Promise<{ readonly reason: string; readonly result: T }>;

/** Creates a reader for a service's admin listener. No other check may run at the same time. */
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
