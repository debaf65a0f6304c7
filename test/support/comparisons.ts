/** The comparisons with the incumbent that a service counted. */
import type { RunningApp } from './app.ts';

/** The comparisons so far by result, without zeros. */
export async function comparisonsOf({ adminPort }: RunningApp): Promise<Record<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const lines = [...text.matchAll(/^oidc_authz_shadow_comparisons_total\{result="(\w+)"\} (\d+)$/gm)];
  return Object.fromEntries(
    lines.map(([, result, count]) => [result, Number(count)] as const).filter(([, count]) => count !== 0),
  );
}
