/** The rows of the dashboard, in order, by title. */
import type { Panel } from './panel.ts';
import { checksRow } from './rows/checks.ts';
import { issuersRow } from './rows/issuers.ts';
import { latencyRow } from './rows/latency.ts';
import { loginsRow } from './rows/logins.ts';
import { overviewRow } from './rows/overview.ts';
import { processRow } from './rows/process.ts';
import { rulesRow } from './rows/rules.ts';
import { storeRow } from './rows/store.ts';
import { tokensRow } from './rows/tokens.ts';

export const rows: Readonly<Record<string, readonly Panel[]>> = {
  'At a glance': overviewRow,
  Checks: checksRow,
  'Rules, policies and shadow': rulesRow,
  Latency: latencyRow,
  'Tokens and revocation': tokensRow,
  Logins: loginsRow,
  'Store that replicas share': storeRow,
  Issuers: issuersRow,
  'Process and configuration': processRow,
};
