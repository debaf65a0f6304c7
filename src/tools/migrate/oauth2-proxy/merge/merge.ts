/** Merges the sources of an installation into the settings that apply. */
import type { ReadSources } from '../read/read-sources.ts';
import { readAuthenticatedEmails } from './authenticated-emails.ts';
import type { Installation } from './installation.ts';
import { reportMountedFiles } from './mounted-files.ts';
import { applyPrecedence, type Layers, withoutReplacedByAlpha } from './precedence.ts';

/** Merges the sources: a flag wins over a variable, and a variable over a key of the configuration file. */
export function mergeSources({ collected, files, objects, variables, alpha }: ReadSources): Installation {
  const { keys, flags, missing, findings, problems } = collected;
  let layers: Layers = { keys, flags, variables };
  if (alpha !== undefined) {
    const remaining = withoutReplacedByAlpha(layers, alpha.foundSettings);
    problems.push(...remaining.problems);
    findings.push(...remaining.findings, ...alpha.findings);
    layers = { ...remaining.layers, flags: [...remaining.layers.flags, ...alpha.foundSettings] };
  }
  const merged = applyPrecedence(layers);
  problems.push(...merged.problems);
  const authenticatedEmails = readAuthenticatedEmails(merged.settings, files, collected);
  reportMountedFiles(layers, collected);
  const isMissing = { keys: collected.keyFiles.length === 0, alpha: alpha === undefined };
  return {
    settings: merged.settings,
    injectedHeaders: alpha?.headers,
    findings: [
      ...missing.filter(({ kind }) => isMissing[kind]).map(({ finding }) => finding),
      ...findings,
      ...merged.findings,
      ...objects.unreported(),
    ],
    authenticatedEmails,
    names: collected.installationNames,
    problems,
  };
}
