/** Findings and problems about settings of oauth2-proxy. */
import type { Problem } from '../../../../config/validate/problems.ts';
import { maskUrls } from '../../../../config/values/quote-value.ts';
import type { Finding, Verdict } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { isSet } from './setting-values.ts';

/** The source in findings about a setting that is not set. */
export const notSet = 'not set';

/** A finding about a flag, with credentials in URLs masked; none if the flag is not set. */
export function findingIfSet(
  installation: Installation,
  flag: string,
  verdict: Verdict,
  text: string,
): readonly Finding[] {
  return isSet(installation, flag) ? [finding(installation, flag, verdict, text)] : [];
}

/** A finding about a flag even if it is not set, unless a reader already refuses it. */
export function findingUnlessRefused(
  installation: Installation,
  flag: string,
  verdict: Verdict,
  text: string,
): readonly Finding[] {
  const isRefused =
    !isSet(installation, flag) &&
    installation.findings.some(({ setting, verdict: of }) => setting === flag && of === 'refused');
  return isRefused ? [] : [finding(installation, flag, verdict, text)];
}

/** A problem with the value of a flag. */
export function problemOf(installation: Installation, flag: string, message: string): Problem {
  return { path: flag, source: isSet(installation, flag) ? sourceOf(installation, flag) : '', message };
}

/** The location of a flag. */
function sourceOf({ settings }: Installation, flag: string): string {
  return settings.get(flag)?.source ?? notSet;
}

function finding(installation: Installation, flag: string, verdict: Verdict, text: string): Finding {
  return { setting: flag, source: sourceOf(installation, flag), verdict, text: maskUrls(text) };
}
